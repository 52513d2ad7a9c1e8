import { randomHex } from '../../domain/ids.ts';
import { metaKey, newestModern } from '../../domain/protocol.ts';
import { byteString } from '../../platform/byte-string.ts';
import { member, sourceText, stringValue } from '../../platform/json/scan.ts';
import type { Connection } from './connection.ts';
import type { EventStream } from './event-stream.ts';
import { UpstreamFault } from './fault.ts';
import type { ServerFeatures } from './features.ts';
import { ownMeta } from './handshake.ts';
import type { NewsHearer, NewsSource } from './news-source.ts';
import { readMessage, type UpstreamMessage } from './reply.ts';

/** Several changes of what is watched are one new stream. */
const gatherMs = 50;
const ackPatienceMs = 10_000;
/** The tag of a message stands one level deeper than an answer is usually kept. */
const eventLimits = { maxDepth: 64, maxElements: 10_000, maxKeys: 1_000, nodeDepth: 5, strict: false };

export interface ModernNewsDeps {
  readonly connection: Connection;
  readonly features: ServerFeatures;
  readonly hearer: NewsHearer;
}

/**
 * News of a modern upstream: one `subscriptions/listen` stream (2026-07-28, basic/patterns/subscriptions). What it is
 * to tell is said when it is opened, so another takes its place whenever that changes.
 */
export class ModernNews implements NewsSource {
  readonly #deps: ModernNewsDeps;
  readonly #over = Promise.withResolvers<number | undefined>();
  #stream: EventStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** One stream is opened at a time, so that the newest stays. */
  #opening: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(deps: ModernNewsDeps) {
    this.#deps = deps;
  }

  /** Open the stream; resolves when the upstream has acknowledged it. @throws UpstreamFault */
  open(): Promise<void> {
    const opened = this.#opening.then(() => this.#open());
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  async #open(): Promise<void> {
    if (this.#closed) return;
    const wanted = [...this.#deps.hearer.watched()];
    const { features } = this.#deps;
    const uris = features.resourceSubscribe ? wanted.map(({ uri }) => uri) : [];
    if (!features.resourceSubscribe) for (const watched of wanted) watched.deny(noSubscriptions(false));
    const notifications = {
      ...(features.toolsListChanged && { toolsListChanged: true }),
      ...(features.promptsListChanged && { promptsListChanged: true }),
      ...(features.resourcesListChanged && { resourcesListChanged: true }),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    };
    if (Object.keys(notifications).length === 0) return this.#replace(undefined);
    const granted = await this.#listen(JSON.stringify(notifications));
    for (const watched of wanted) {
      if (granted.has(watched.uri)) watched.grant();
      else watched.deny(noSubscriptions(true));
    }
  }

  get over(): Promise<number | undefined> {
    return this.#over.promise;
  }

  watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.open().catch(() => this.close());
    }, gatherMs);
  }

  unwatch(): void {
    this.watch();
  }

  close(retryMs?: number): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#replace(undefined);
    this.#over.resolve(retryMs);
  }

  #replace(stream: EventStream | undefined): void {
    const before = this.#stream;
    this.#stream = stream;
    before?.abort('closed');
  }

  /** @returns the resources it will tell of */
  async #listen(notifications: string): Promise<ReadonlySet<string>> {
    const id = randomHex();
    const params = `{"_meta":${ownMeta},"notifications":${notifications}}`;
    const body = byteString(`{"jsonrpc":"2.0","id":"${id}","method":"subscriptions/listen","params":${params}}`);
    const acknowledged = Promise.withResolvers<ReadonlySet<string>>();
    let done = false;
    const out = { version: newestModern, method: 'subscriptions/listen' };
    const stream = this.#deps.connection.stream(out, body, {
      event: (data) => {
        const message = readMessage(data, eventLimits);
        if (message.kind === 'response') throw new UpstreamFault('closed', 'it has ended the subscription');
        if (message.kind === 'request' || !isTagged(message, id)) return;
        if (message.method === 'notifications/subscriptions/acknowledged') {
          done = true;
          acknowledged.resolve(grantedBy(message));
        } else if (done) this.#deps.hearer.hear(message);
        else throw new UpstreamFault('protocol', 'it tells before it has acknowledged');
      },
      ended: ({ fault, position }) => {
        acknowledged.reject(fault);
        if (stream === this.#stream) this.close(position.retryMs);
      },
    });
    const timer = setTimeout(() => stream.abort('timeout'), ackPatienceMs);
    try {
      const granted = await acknowledged.promise;
      if (this.#closed) stream.abort('closed');
      else this.#replace(stream);
      return granted;
    } finally {
      clearTimeout(timer);
    }
  }
}

const noSubscriptions = (dispatched: boolean): UpstreamFault =>
  new UpstreamFault('protocol', 'it does not tell of this resource', { dispatched });

/** Whether a message belongs to this subscription: the tag must not be another's. */
function isTagged({ bytes, root }: UpstreamMessage, id: string): boolean {
  const tag = member(member(member(root, 'params'), '_meta'), metaKey.subscriptionId);
  return tag === undefined || stringValue(bytes, tag) === id;
}

function grantedBy({ bytes, root }: UpstreamMessage): ReadonlySet<string> {
  const uris = member(member(member(root, 'params'), 'notifications'), 'resourceSubscriptions');
  if (uris === undefined || uris.kind !== 'array') return new Set();
  const values = JSON.parse(sourceText(bytes, uris)) as unknown[];
  return new Set(values.filter((uri) => typeof uri === 'string'));
}
