import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../clock.ts';
import type { Schema } from '../database/schema.ts';
import type { Log } from '../log.ts';
import type { Vault } from '../vault/vault.ts';
import { lastCheckpoint } from './checkpoints.ts';
import { NotPublished, type SendCheckpoint } from './send-checkpoint.ts';
import { openTarget, type TargetRow } from './target.ts';
import { listLogs } from './verify-folder.ts';

export interface PublisherDeps {
  readonly db: Kysely<Pick<Schema, 'checkpoint_targets'>>;
  /** Folder of the logs. */
  readonly dir: string;
  readonly vault: Vault;
  readonly send: SendCheckpoint;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Publisher extends AsyncDisposable {
  /** There are new checkpoints. */
  nudge(): void;
}

interface Progress {
  /** The last checkpoint of each log that arrived. */
  readonly sent: Map<string, string>;
  /** Not before this moment of the monotonic clock. */
  notBefore: number;
  backOffMs: number;
}

const firstBackOffMs = 10_000;
const longestBackOffMs = 15 * 60_000;

/**
 * Publishes the last checkpoint of every log to every target. Of several that came while a target was away only the
 * last is sent: it covers the others. After a start all are sent once more, which does no harm.
 */
export function startPublisher({ db, dir, vault, send, clock, log }: PublisherDeps): Publisher {
  const progress = new Map<string, Progress>();
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  function nudge(): void {
    if (stopped) return;
    if (running !== undefined) again = true;
    else running = run();
  }

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        await publishAll();
      } catch (error) {
        log.warn({ err: error }, 'checkpoints cannot be published');
        retryIn(firstBackOffMs);
      }
    } while (again && !stopped);
    running = undefined;
  }

  function retryIn(ms: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(nudge, ms).unref();
  }

  async function publishAll(): Promise<void> {
    const rows = await db.selectFrom('checkpoint_targets').selectAll().execute();
    for (const id of progress.keys()) if (!rows.some((row) => row.id === id)) progress.delete(id);
    if (rows.length === 0) return;
    const notes = new Map<string, string>();
    for (const name of listLogs(dir)) notes.set(name, lastCheckpoint(join(dir, name))!);
    for (const row of rows) await publishTo(row, notes);
    const waits = [...progress.values()].map(({ notBefore }) => notBefore - clock.monotonic()).filter((ms) => ms > 0);
    if (waits.length > 0) retryIn(Math.min(...waits));
  }

  async function publishTo(row: TargetRow, notes: ReadonlyMap<string, string>): Promise<void> {
    const state = progressOf(row.id);
    const due = [...notes].filter(([name, note]) => state.sent.get(name) !== note);
    if (due.length === 0 || clock.monotonic() < state.notBefore) return;
    const at = isoTime(clock.now());
    try {
      const target = openTarget(vault, row);
      for (const [name, note] of due) {
        if (stopped) return;
        await send(target, note);
        state.sent.set(name, note);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const asked = error instanceof NotPublished ? (error.retryAfterMs ?? 0) : 0;
      state.notBefore = clock.monotonic() + Math.max(asked, state.backOffMs);
      state.backOffMs = Math.min(state.backOffMs * 2, longestBackOffMs);
      if (row.failing_since === null) log.warn({ target: row.name, reason }, 'a checkpoint could not be published');
      await mark(row.id, { last_error: reason, failing_since: row.failing_since ?? at });
      return;
    }
    state.notBefore = 0;
    state.backOffMs = firstBackOffMs;
    await mark(row.id, { last_success_at: at, last_error: null, failing_since: null });
  }

  function progressOf(id: string): Progress {
    let state = progress.get(id);
    if (state === undefined) {
      state = { sent: new Map(), notBefore: 0, backOffMs: firstBackOffMs };
      progress.set(id, state);
    }
    return state;
  }

  const mark = async (
    id: string,
    change: Partial<Pick<TargetRow, 'last_success_at' | 'last_error' | 'failing_since'>>,
  ): Promise<void> => {
    await db.updateTable('checkpoint_targets').set(change).where('id', '=', id).execute();
  };

  return {
    nudge,
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
