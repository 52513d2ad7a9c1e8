import type { ByteStream } from '@mcpnest/contract/operation';
import type { Kysely } from 'kysely';
import { AppError, conflict } from '../../domain/errors.ts';
import type { HostedLine, HostedLogs } from '../../domain/hosted/logs.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Hosting } from './hosting.ts';
import type { FoundInstance } from './queries.ts';
import { faringOf } from './view.ts';

/** Lines a follower begins with. */
const firstLines = 50;
const lookEveryMs = 1_000;
/** How soon a key that ended or a role that was lost ends its streams. */
const confirmEveryTurns = 3;
const refusals: ReadonlySet<string> = new Set(['unauthenticated', 'forbidden', 'not_found']);
/** A follower who has seen nothing this long is sent a comment, so that nobody in between takes it for dead. */
const silenceMs = 15_000;

/** @throws AppError `conflict` where no orchestrator can be asked */
export function requireLogs({ logs }: Hosting): HostedLogs {
  if (logs !== undefined) return logs;
  throw conflict(
    'What hosted servers write is known to the server alone: set MCPNEST_URL and MCPNEST_API_KEY to ask it.',
  );
}

/**
 * What an instance writes, as server-sent events (HTML Living Standard, 9.2): `line` for each line, `state` at the
 * beginning and whenever the instance fares otherwise; it ends with the instance, and within seconds for whom `mayStill`
 * refuses it. Nothing is read ahead of the client.
 * @param leave called once it is at its end, for whatever reason
 */
export function followLogs(
  db: Kysely<Schema>,
  logs: HostedLogs,
  found: FoundInstance,
  mayStill: () => Promise<unknown>,
  leave: () => void,
): ByteStream {
  const left = new AbortController();
  left.signal.addEventListener('abort', leave, { once: true });
  const events = eventsOf(db, logs, found, mayStill, left.signal);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await events.next().catch((error: unknown) => {
          left.abort();
          throw error;
        });
        if (left.signal.aborted) return;
        if (done !== true) return controller.enqueue(encoder.encode(value));
        left.abort();
        controller.close();
      },
      cancel() {
        left.abort();
      },
    },
    { highWaterMark: 0 },
  );
  return { contentType: 'text/event-stream', headers: {}, body };
}

async function* eventsOf(
  db: Kysely<Schema>,
  logs: HostedLogs,
  found: FoundInstance,
  mayStill: () => Promise<unknown>,
  left: AbortSignal,
): AsyncGenerator<string, void> {
  const { id } = found.row;
  let lines: AsyncIterator<HostedLine> | undefined;
  let coming: Promise<IteratorResult<HostedLine>> | undefined;
  let [shown, last, told, quietMs, turns] = ['', '', '', 0, 0];
  while (!left.aborted) {
    if (++turns % confirmEveryTurns === 0 && !(await allows(mayStill))) return;
    const state = await stateOf(db, found);
    if (state === undefined) return;
    if (state !== shown) yield `event: state\ndata: ${(shown = state)}\n\n`;
    lines ??= logs.follow(id, firstLines, left)[Symbol.asyncIterator]();
    let due = false;
    const turn = wait(lookEveryMs, left).then(() => void (due = true));
    // One who never stops writing does not keep us from looking.
    while (!due) {
      coming ??= lines.next();
      const next = await Promise.race([coming, turn]);
      if (next === undefined) break;
      coming = undefined;
      if (next.done === true) {
        // The container has ended; the next one writes anew, and what is still there is not shown twice.
        lines = undefined;
        told = last;
        await turn;
        break;
      }
      if (next.value.at <= told) continue;
      last = next.value.at;
      quietMs = 0;
      yield `event: line\ndata: ${JSON.stringify(next.value)}\n\n`;
    }
    quietMs += lookEveryMs;
    if (quietMs < silenceMs) continue;
    quietMs = 0;
    yield ': still here\n\n';
  }
}

/** @returns false for whom it is refused by now; anything else that fails does so aloud */
const allows = (mayStill: () => Promise<unknown>): Promise<boolean> =>
  mayStill().then(
    () => true,
    (error: unknown) => {
      if (error instanceof AppError && refusals.has(error.code)) return false;
      throw error;
    },
  );

async function stateOf(db: Kysely<Schema>, found: FoundInstance): Promise<string | undefined> {
  const faring = (await faringOf(db, [found])).get(found.row.id);
  if (faring === undefined) return undefined;
  const { state, health, headline } = faring;
  return JSON.stringify({ state, health, headline });
}

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
