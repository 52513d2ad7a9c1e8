import type { Kysely } from 'kysely';
import type { SnapshotServer } from '../domain/snapshot.ts';
import { byteString, type ByteString } from '../platform/byte-string.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { definitionLimits, readDefinitions, readPage, type ToolDefinition } from './definitions.ts';
import { readUpstreamList, writeUpstreamList, type GatewayTables } from './store.ts';
import { UpstreamFault } from './upstreams/fault.ts';
import { ownMeta } from './upstreams/handshake.ts';
import type { Upstream } from './upstreams/upstream.ts';

/** Older than this, a list is read again in the background when someone asks for it. */
const freshMs = 30_000;
const retryMs = 5_000;
const maxPages = 50;
const listDeadlineMs = 15_000;

/**
 * The tools of one server under one configuration. Served from memory and refreshed behind the caller's back, one
 * refresh at a time; the last good list survives restarts in the database and stands in while the server is away.
 */
export class ToolList {
  readonly revision: number;
  readonly #deps: ToolListDeps;
  #tools: readonly ToolDefinition[] = [];
  #byName = new Map<string, ToolDefinition>();
  #body = '';
  #known = false;
  #attemptedAt = -Infinity;
  #failed = true;
  /** Whether an attempt has ended since the configuration last changed. */
  #tried = false;
  #refreshing: Promise<void> | undefined;

  constructor(deps: ToolListDeps) {
    this.#deps = deps;
    this.revision = deps.server.revision;
    this.#begin(this.#recall());
  }

  get tools(): readonly ToolDefinition[] {
    return this.#tools;
  }

  /** Whether any list, fresh or recalled, is there. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether waiting would gain nothing: a list is there or the first attempt has failed. */
  get settled(): boolean {
    return this.#known || this.#tried;
  }

  tool(name: string): ToolDefinition | undefined {
    return this.#byName.get(name);
  }

  /** Refresh in the background when the list has aged. */
  touch(): void {
    if (this.#refreshing !== undefined) return;
    const age = this.#deps.clock.monotonic() - this.#attemptedAt;
    if (age >= (this.#failed ? retryMs : freshMs)) this.#begin(this.#refresh());
  }

  /** Try again at once if the last attempt failed: something about the configuration has changed. */
  retry(): void {
    if (!this.#failed || this.#refreshing !== undefined) return;
    this.#tried = false;
    this.#begin(this.#refresh());
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
    const { db, server, log } = this.#deps;
    try {
      const stored = await readUpstreamList(db, server.id);
      if (stored?.revision === server.revision) this.#take(JSON.parse(stored.body) as string[], stored.body);
    } catch (error) {
      log.warn({ err: error, server: server.slug }, 'the stored tool list cannot be read');
    }
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const { db, server, clock, log, upstream } = this.#deps;
    this.#attemptedAt = clock.monotonic();
    try {
      const texts = await readTools(upstream());
      this.#failed = false;
      const body = JSON.stringify(texts);
      if (body === this.#body) return;
      this.#take(texts, body);
      await writeUpstreamList(db, server.id, { revision: server.revision, body }, clock.now());
    } catch (error) {
      this.#failed = true;
      const fault = error instanceof UpstreamFault ? error.fault : undefined;
      log.warn({ err: error, server: server.slug, fault }, 'the tool list cannot be refreshed');
      // Closed under our hands by a change of configuration: not the server's failure, so the next asker may try.
      if (fault === 'closed') this.#attemptedAt = -Infinity;
    } finally {
      this.#tried = true;
    }
  }

  #take(texts: readonly string[], body: string): void {
    const { tools, dropped } = readDefinitions(texts);
    if (dropped > 0) this.#deps.log.warn({ server: this.#deps.server.slug, dropped }, 'tool definitions left out');
    this.#tools = tools;
    this.#byName = new Map(tools.map((tool) => [tool.name, tool]));
    this.#body = body;
    this.#known = true;
    this.#deps.changed();
  }
}

export interface ToolListDeps {
  readonly db: Kysely<GatewayTables>;
  readonly clock: Clock;
  readonly log: Log;
  readonly server: SnapshotServer;
  readonly upstream: () => Upstream;
  /** Called after the tools have changed. */
  readonly changed: () => void;
}

/** Drain the pages of `tools/list`. A cursor that repeats, or too many pages, ends the list. */
async function readTools(upstream: Upstream): Promise<string[]> {
  const texts: string[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const at = cursor;
    const answer = await upstream.request({
      method: 'tools/list',
      preferModern: true,
      deadlineMs: listDeadlineMs,
      params: ({ modern }) => listParams(at, modern),
    });
    if (answer.result === undefined) throw new UpstreamFault('protocol', 'tools/list was answered with an error');
    const read = readPage(answer.bytes.subarray(answer.result.start, answer.result.end));
    if (read === undefined) throw new UpstreamFault('protocol', 'tools/list was answered without tools');
    texts.push(...read.tools.filter((text) => text.length <= definitionLimits.bytes));
    if (texts.length >= definitionLimits.tools) return texts.slice(0, definitionLimits.tools);
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
