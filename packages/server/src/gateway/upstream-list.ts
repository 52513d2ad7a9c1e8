import type { Kysely } from 'kysely';
import { rpcCode } from '../domain/protocol.ts';
import type { SnapshotServer } from '../domain/snapshot.ts';
import { byteString, type ByteString } from '../platform/byte-string.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { definitionLimits, readDefinitions, readPage, type Definition } from './definitions.ts';
import type { ListForm } from './list-kinds.ts';
import { readUpstreamList, writeUpstreamList, type GatewayTables } from './store.ts';
import { UpstreamFault } from './upstreams/fault.ts';
import { ownMeta } from './upstreams/handshake.ts';
import { errorCode } from './upstreams/reply.ts';
import type { Upstream } from './upstreams/upstream.ts';

/** Older than this, a list is read again in the background when someone asks for it. */
const freshMs = 30_000;
const retryMs = 5_000;
/** A server that has said it lacks a kind is asked again only after this long. */
const lackingMs = 10 * 60_000;
/** A server that announces changes without end is read no more often. */
const reloadMs = 500;
const maxPages = 50;
const listDeadlineMs = 15_000;

/**
 * What one server lists of one kind under one configuration. Served from memory and refreshed behind the caller's back, one
 * refresh at a time; the last good list survives restarts in the database and stands in while the server is away.
 */
export class UpstreamList {
  readonly revision: number;
  readonly #deps: UpstreamListDeps;
  #definitions: readonly Definition[] = [];
  #byName = new Map<string, Definition>();
  #body = '';
  #known = false;
  #lacking = false;
  #attemptedAt = -Infinity;
  #failed = true;
  /** Whether an attempt has ended since the configuration last changed. */
  #tried = false;
  #refreshing: Promise<void> | undefined;
  #reloading: NodeJS.Timeout | undefined;

  constructor(deps: UpstreamListDeps) {
    this.#deps = deps;
    this.revision = deps.server.revision;
    this.#begin(this.#recall());
  }

  get definitions(): readonly Definition[] {
    return this.#definitions;
  }

  /** Whether the server serves this kind at all, as far as is known; its list may be empty. */
  get served(): boolean {
    return this.#known && !this.#lacking;
  }

  /** Whether any list, fresh or recalled, is there. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether waiting would gain nothing: a list is there or the first attempt has failed. */
  get settled(): boolean {
    return this.#known || this.#tried;
  }

  /** @param name as the server has it */
  find(name: string): Definition | undefined {
    return this.#byName.get(name);
  }

  /** Refresh in the background when the list has aged. */
  touch(): void {
    if (this.#refreshing !== undefined) return;
    const age = this.#deps.clock.monotonic() - this.#attemptedAt;
    if (age >= (this.#failed ? retryMs : this.#lacking ? lackingMs : freshMs)) this.#begin(this.#refresh());
  }

  /** Try again at once if the last attempt failed: something about the configuration has changed. */
  retry(): void {
    if (!this.#failed || this.#refreshing !== undefined) return;
    this.#tried = false;
    this.#begin(this.#refresh());
  }

  /** The server says that its list has changed: read it again, at most once in `reloadMs`. */
  reload(): void {
    if (this.#reloading !== undefined) return;
    const wait = this.#attemptedAt + reloadMs - this.#deps.clock.monotonic();
    this.#reloading = setTimeout(
      () => {
        const busy = this.#refreshing ?? Promise.resolve();
        void busy.finally(() => {
          this.#reloading = undefined;
          if (this.#refreshing === undefined) this.#begin(this.#refresh());
        });
      },
      Math.max(0, wait),
    ).unref();
  }

  /** Wait until settled, at most `patienceMs`; a list in memory is ready at once. */
  async ready(patienceMs: number): Promise<void> {
    this.touch();
    if (this.settled || this.#refreshing === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([this.#refreshing, patience]);
    clearTimeout(timer);
  }

  #begin(work: Promise<void>): void {
    this.#refreshing = work.finally(() => {
      this.#refreshing = undefined;
    });
  }

  async #recall(): Promise<void> {
    const { db, server, log, form } = this.#deps;
    try {
      const stored = await readUpstreamList(db, server.id, form.kind);
      if (stored?.revision === server.revision) this.#take(JSON.parse(stored.body) as string[] | null, stored.body);
    } catch (error) {
      log.warn({ err: error, server: server.slug, list: form.kind }, 'the stored list cannot be read');
    }
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const { db, server, clock, log, form, upstream } = this.#deps;
    if (this.#deps.resting()) {
      // No reason to wake it; once it runs, the list is read.
      this.#failed = true;
      this.#tried = true;
      return;
    }
    this.#attemptedAt = clock.monotonic();
    try {
      const texts = await readList(upstream(), form);
      this.#failed = false;
      const body = JSON.stringify(texts);
      if (body === this.#body) return;
      this.#take(texts, body);
      await writeUpstreamList(db, server.id, form.kind, { revision: server.revision, body }, clock.now());
    } catch (error) {
      this.#failed = true;
      const fault = error instanceof UpstreamFault ? error.fault : undefined;
      log.warn({ err: error, server: server.slug, list: form.kind, fault }, 'the list cannot be refreshed');
      // Closed under our hands by a change of configuration: not the server's failure, so the next asker may try.
      if (fault === 'closed') this.#attemptedAt = -Infinity;
    } finally {
      this.#tried = true;
    }
  }

  /** @param texts null: the server lacks this kind */
  #take(texts: readonly string[] | null, body: string): void {
    const { log, server, form } = this.#deps;
    const { definitions, dropped } = readDefinitions(texts ?? [], form);
    if (dropped > 0) log.warn({ server: server.slug, list: form.kind, dropped }, 'definitions left out');
    this.#definitions = definitions;
    this.#byName = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#lacking = texts === null;
    this.#body = body;
    this.#known = true;
    this.#deps.changed();
  }
}

export interface UpstreamListDeps {
  readonly db: Kysely<GatewayTables>;
  readonly clock: Clock;
  readonly log: Log;
  readonly form: ListForm;
  readonly server: SnapshotServer;
  readonly upstream: () => Upstream;
  /** Whether it is a hosted server that does not run. */
  readonly resting: () => boolean;
  /** Called after the list has changed. */
  readonly changed: () => void;
}

/**
 * Drain the pages of a list. A cursor that repeats, or too many pages, ends it.
 * @returns null when the server says that it does not know the method
 * @throws UpstreamFault
 */
async function readList(upstream: Upstream, form: ListForm): Promise<string[] | null> {
  const texts: string[] = [];
  const cursors = new Set<string>();
  let length = 0;
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const at = cursor;
    const answer = await upstream.request({
      method: form.method,
      preferModern: true,
      deadlineMs: listDeadlineMs,
      params: ({ modern }) => listParams(at, modern),
      // What a server makes of prompts and resources must not cost it the calls of its tools.
      aside: form.kind !== 'tools',
    });
    if (answer.result === undefined) {
      if (page === 0 && form.kind !== 'tools' && errorCode(answer) === rpcCode.methodNotFound) return null;
      throw new UpstreamFault('protocol', `${form.method} was answered with an error`);
    }
    const read = readPage(answer.bytes.subarray(answer.result.start, answer.result.end), form);
    if (read === undefined) throw new UpstreamFault('protocol', `${form.method} was answered without ${form.member}`);
    for (const text of read.entries) {
      if (text.length > definitionLimits.bytes) continue;
      length += text.length;
      if (texts.length === definitionLimits.entries || length > definitionLimits.length) return texts;
      texts.push(text);
    }
    cursor = read.nextCursor;
    if (cursor === undefined || cursors.has(cursor)) break;
    cursors.add(cursor);
  }
  return texts;
}

function listParams(cursor: string | undefined, modern: boolean): ByteString {
  const members = [
    ...(cursor === undefined ? [] : [`"cursor":${JSON.stringify(cursor)}`]),
    ...(modern ? [`"_meta":${ownMeta}`] : []),
  ];
  return byteString(`{${members.join(',')}}`);
}
