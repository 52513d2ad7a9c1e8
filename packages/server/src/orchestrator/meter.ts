import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Runtime } from './runtimes/runtime.ts';
import { addUsage, type OrchestratorTables } from './store.ts';

export interface MeterDeps {
  readonly db: Kysely<OrchestratorTables>;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
}

/** Longer gaps between two measurements were no running time that anybody has seen. */
const longestGapMs = 60_000;

/**
 * Measures what runs. Counted is what was seen running twice in a row: what runs between the last measurement and the
 * end of a container, or while nobody measures, is not counted.
 */
export function createMeter({ db, clock, log, runtime }: MeterDeps): (running: ReadonlySet<string>) => Promise<void> {
  const last = new Map<string, { readonly at: number; readonly cpuSeconds: number }>();
  return async (running) => {
    for (const id of last.keys()) if (!running.has(id)) last.delete(id);
    for (const id of running) {
      try {
        const usage = await runtime.usage(id);
        if (usage === null) continue;
        const at = clock.monotonic();
        const before = last.get(id);
        last.set(id, { at, cpuSeconds: usage.cpuSeconds });
        if (before === undefined || at - before.at > longestGapMs) continue;
        // A smaller sum is that of a new container, which began since.
        const spent = usage.cpuSeconds - before.cpuSeconds;
        await addUsage(db, id, isoTime(clock.now()).slice(0, 10), {
          seconds: Math.round((at - before.at) / 1_000),
          cpuMs: Math.round((spent < 0 ? usage.cpuSeconds : spent) * 1_000),
          memoryBytes: Math.round(usage.memoryBytes),
        });
      } catch (error) {
        log.debug({ err: error, instance: id }, 'the use of a hosted server cannot be measured');
      }
    }
  };
}
