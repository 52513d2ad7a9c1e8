import type { WorkloadUsage } from '../runtime.ts';
import { containerName } from './pod.ts';
import type { PodMetrics } from './resources.ts';

/**
 * The metrics API tells how much a pod uses *now*; what it has used since it started is summed up here, sample by
 * sample, for as long as this process lives. Nobody is asked to let us into the pods or the nodes for more.
 */
export interface UsageMeter {
  /** Take in a sample; one taken in before changes nothing. */
  add(podUid: string, metrics: PodMetrics): WorkloadUsage | null;
  /** Forget every pod but these. */
  keep(podUids: ReadonlySet<string>): void;
}

export function createUsageMeter(): UsageMeter {
  const pods = new Map<string, { at: number; cpuSeconds: number }>();
  return {
    add: (podUid, metrics) => {
      const at = Date.parse(metrics.timestamp);
      const usage = metrics.containers.find(({ name }) => name === containerName)?.usage;
      const cores = parseQuantity(usage?.cpu ?? '');
      const memoryBytes = parseQuantity(usage?.memory ?? '');
      if (Number.isNaN(at) || cores === undefined || memoryBytes === undefined) return null;
      const before = pods.get(podUid);
      const seconds = before === undefined ? parseDuration(metrics.window) : (at - before.at) / 1000;
      const cpuSeconds = (before?.cpuSeconds ?? 0) + cores * Math.max(seconds, 0);
      pods.set(podUid, { at: Math.max(at, before?.at ?? at), cpuSeconds });
      return { cpuSeconds, memoryBytes: Math.round(memoryBytes), pids: null };
    },
    keep: (podUids) => {
      for (const uid of pods.keys()) if (!podUids.has(uid)) pods.delete(uid);
    },
  };
}

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of Kubernetes (`250m`, `64Mi`, `1e3`) as a number; undefined for anything else. */
export function parseQuantity(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([numkMGT]|[KMGT]i)?$/.exec(text);
  return found === null ? undefined : Number(found[1]) * suffixes[found[2] ?? '']!;
}

const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3 };

/** A duration as Go writes it (`1m0.5s`), in seconds; 0 where it is none. */
const parseDuration = (text: string): number =>
  [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!,
    0,
  );
