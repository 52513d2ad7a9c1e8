export interface FlushWatchOptions {
  /** Milliseconds, never going back. */
  readonly monotonic: () => number;
  /** Milliseconds after which a flush counts as late. */
  readonly lateAfterMs: number;
  /** Called once for a flush, when it becomes late. */
  readonly onLate: () => void;
}

/** Times flushes, one after the other. A disk may take for ever: nothing but this notices. */
export function createFlushWatch({ monotonic, lateAfterMs, onLate }: FlushWatchOptions) {
  let startedAt: number | undefined;
  let lastMs = 0;
  let late = false;
  return {
    /** Wait for a flush. @throws what it throws */
    async over(flush: Promise<void>): Promise<void> {
      startedAt = monotonic();
      const timer = setTimeout(() => {
        late = true;
        onLate();
      }, lateAfterMs).unref();
      try {
        await flush;
      } finally {
        clearTimeout(timer);
        lastMs = monotonic() - startedAt;
        startedAt = undefined;
        late = false;
      }
    },
    /** Whether the flush under way is late. */
    late: (): boolean => late,
    /** Milliseconds the latest flush took, or has taken so far where that is more. */
    latestMs: (): number => (startedAt === undefined ? lastMs : Math.max(lastMs, monotonic() - startedAt)),
  };
}
