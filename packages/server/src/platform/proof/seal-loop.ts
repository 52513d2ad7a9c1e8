import type { Clock } from '../clock.ts';
import type { JournalDamage, JournalPosition } from '../journal/journal.ts';
import { comparePositions } from '../journal/segment.ts';
import type { Sealer } from './sealer.ts';

/** What the loop has to say to whoever started it. */
export type SealNews =
  | { readonly kind: 'sealed'; readonly id: number }
  | { readonly kind: 'checkpoints'; readonly logs: readonly string[] }
  | { readonly kind: 'seal-failing'; readonly reason: string }
  | { readonly kind: 'seal-recovered' }
  | { readonly kind: 'seal-damage'; readonly damage: JournalDamage };

export interface SealLoopOptions {
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly checkpointEveryMs: number;
  readonly tell: (news: SealNews) => void;
}

export interface SealLoop {
  /** There may be more to read. */
  nudge(): void;
  /** Answer `sealed` once everything before a place is under a checkpoint. */
  seal(id: number, upTo: JournalPosition): void;
  /** Where a restart of the sealer begins to read; undefined before its first step. */
  reread(): JournalPosition | undefined;
  /** Resolves when what is there is sealed, or cannot be, or the time is up. */
  stop(withinMs: number): Promise<void>;
}

/** Small records are gathered: a step costs a few flushes however little it reads. */
const gatherMs = 1_000;
/** The pause between two looks while somebody waits. */
const hurryMs = 20;
const firstBackOffMs = 250;
const longestBackOffMs = 10_000;

/** Runs a sealer until it is stopped; what fails is tried again. */
export function startSealLoop({ sealer, clock, checkpointEveryMs, tell }: SealLoopOptions): SealLoop {
  const asked = new Map<number, JournalPosition>();
  let sleeping: { readonly light: boolean; end(): void } | undefined;
  let nudged = true;
  let stopBy = Infinity;
  let failing = false;
  let reread: JournalPosition | undefined;
  let checkpointAt = clock.monotonic() + checkpointEveryMs;
  const ended = run();

  async function run(): Promise<void> {
    let backOffMs = firstBackOffMs;
    for (;;) {
      nudged = false;
      try {
        const step = await sealer.step();
        reread = step.reread;
        const stopping = stopBy !== Infinity;
        const due = clock.monotonic() >= checkpointAt;
        const answers = [...asked].filter(([, upTo]) => comparePositions(step.position, upTo) >= 0);
        if (due || answers.length > 0 || (stopping && !step.more)) checkpoint();
        for (const [id] of answers) {
          asked.delete(id);
          tell({ kind: 'sealed', id });
        }
        if (failing) tell({ kind: 'seal-recovered' });
        failing = false;
        backOffMs = firstBackOffMs;
        if (step.damage !== undefined) tell({ kind: 'seal-damage', damage: step.damage });
        if (stopping && (!step.more || clock.monotonic() > stopBy)) return;
        if (!step.more) await rest();
      } catch (error) {
        if (!failing) tell({ kind: 'seal-failing', reason: error instanceof Error ? error.message : String(error) });
        failing = true;
        if (stopBy !== Infinity) return;
        await sleep(backOffMs, false);
        backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
      }
    }
  }

  function checkpoint(): void {
    const logs = sealer.checkpoint();
    checkpointAt = clock.monotonic() + checkpointEveryMs;
    if (logs.length > 0) tell({ kind: 'checkpoints', logs });
  }

  /** First gather for a moment; then, with nothing to read, wait for news or for the next checkpoint. */
  async function rest(): Promise<void> {
    if (stopBy !== Infinity) return;
    await sleep(asked.size > 0 ? hurryMs : gatherMs, false);
    if (nudged || asked.size > 0 || stopBy !== Infinity) return;
    await sleep(Math.max(0, checkpointAt - clock.monotonic()), true);
  }

  async function sleep(ms: number, light: boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      sleeping = { light, end };
    });
    sleeping = undefined;
  }

  return {
    nudge() {
      nudged = true;
      if (sleeping?.light === true) sleeping.end();
    },
    seal(id, upTo) {
      asked.set(id, upTo);
      sleeping?.end();
    },
    reread: () => reread,
    async stop(withinMs) {
      stopBy = clock.monotonic() + withinMs;
      sleeping?.end();
      await ended;
    },
  };
}
