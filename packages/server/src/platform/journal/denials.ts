import type { DeniedCall } from './records.ts';

export interface DenialsOptions {
  /** Milliseconds, never going back. */
  readonly monotonic: () => number;
  /** Write one record that stands for `count` denials. */
  readonly write: (record: DeniedCall, count: number) => void;
}

/** Records of one principal and reason written one by one in a second; the rest of that second is one record. */
const perSecond = 10;
const windowMs = 1_000;

/**
 * Keeps a flood of refused calls from becoming a flood of records, without losing the number: the counts of all
 * records written add up to the calls refused.
 */
export function createDenials({ monotonic, write }: DenialsOptions) {
  let windowFrom = -Infinity;
  let seen = new Map<string, number>();
  let held = new Map<string, { record: DeniedCall; count: number }>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const due = held;
    held = new Map();
    seen = new Map();
    windowFrom = monotonic();
    for (const { record, count } of due.values()) write(record, count);
  }

  function add(record: DeniedCall): void {
    if (monotonic() - windowFrom >= windowMs) flush();
    const key = `${record.workspaceId} ${record.tokenId} ${record.outcome} ${record.errorCode} ${record.rule} ${record.approvalId}`;
    const before = seen.get(key) ?? 0;
    if (before < perSecond) {
      seen.set(key, before + 1);
      write(record, 1);
      return;
    }
    const more = held.get(key);
    if (more === undefined) held.set(key, { record, count: 1 });
    else more.count++;
    timer ??= setTimeout(flush, windowMs).unref();
  }

  return { add, flush };
}
