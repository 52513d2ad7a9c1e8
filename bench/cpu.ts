import { readFileSync, readdirSync } from 'node:fs';

/**
 * CPU time and memory from Linux's /proc. CPU time is the scheduler's own account of every thread (first field of
 * `/proc/PID/task/TID/schedstat`, nanoseconds on a core, user and kernel together): exact where sampling is not.
 * Threads that end between two readings are lost, so read over short spans.
 */

const read = (path: string): string => readFileSync(path, 'latin1');

/** True where the figures below exist (Linux with scheduler statistics). */
export function cpuTimeAvailable(): boolean {
  try {
    return Number(read(`/proc/${process.pid}/task/${process.pid}/schedstat`).split(' ')[0]) > 0;
  } catch {
    return false;
  }
}

/** The process and all its descendants, parents first; only itself where /proc is missing. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of numericEntries('/proc')) {
    try {
      const parent = Number(statFields(pid)[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  const tree = [root];
  for (let at = 0; at < tree.length; at += 1) tree.push(...(children.get(tree[at]!) ?? []));
  return tree;
}

/** When a process was born, in ticks since boot; undefined when it is gone or /proc is missing. */
export function startedAt(pid: number): string | undefined {
  try {
    return statFields(pid)[19];
  } catch {
    return undefined;
  }
}

/** The fields of `/proc/PID/stat` behind the command, which may itself hold blanks and brackets. */
function statFields(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Seconds of CPU time the given processes have used so far, all threads together. */
export function cpuSeconds(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const thread of numericEntries(`/proc/${pid}/task`)) {
      try {
        nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]);
      } catch {
        // The thread ended meanwhile.
      }
    }
  }
  return nanoseconds / 1e9;
}

/** Resident memory of the given processes together, in MiB; undefined where it cannot be read. */
export function residentMebibytes(pids: readonly number[]): number | undefined {
  let kibibytes = 0;
  for (const pid of pids) {
    try {
      kibibytes += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
    } catch {
      // The process ended meanwhile.
    }
  }
  return kibibytes === 0 ? undefined : kibibytes / 1024;
}

/** Seconds all cores together have been busy since boot; counted in ticks of 10 ms. */
export function machineBusySeconds(): number {
  try {
    const [, user, nice, system, , , irq, softirq, steal] = read('/proc/stat')
      .split('\n', 1)[0]!
      .split(/\s+/)
      .map(Number);
    return (user! + nice! + system! + irq! + softirq! + steal!) / 100;
  } catch {
    return 0;
  }
}

function numericEntries(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
