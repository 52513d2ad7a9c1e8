import { useMemo, useState } from 'react';
import { useFilters } from '../../components/navigate.ts';

const hour = 3_600_000;

/** Spans that end now, by the word the address has for them. */
export const spans = { '1h': hour, '24h': 24 * hour, '7d': 168 * hour, '30d': 720 * hour } as const;
export type Span = keyof typeof spans | 'all';

export interface TimeRange {
  /** Null: a moment was chosen by itself. */
  readonly span: Span | null;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Milliseconds of the epoch: the moment spans are counted from. */
  readonly now: number;
  readonly choose: (span: Span) => void;
  /** Both ISO 8601; undefined leaves an end open. */
  readonly between: (from: string | undefined, to: string | undefined) => void;
}

const isSpan = (text: string | undefined): text is Span => text === 'all' || (text !== undefined && text in spans);

/** The time a page is about, kept in its address: a span up to now, or two moments. */
export function useTimeRange(usual: Span): TimeRange {
  const [now, setNow] = useState(() => Date.now());
  const [filters, set] = useFilters(['range', 'from', 'to']);
  const named = isSpan(filters.range) ? filters.range : undefined;
  const chosen = named === undefined && (filters.from !== undefined || filters.to !== undefined);
  const span = chosen ? null : (named ?? usual);
  // A span is counted from when it was chosen, so that what is read keeps its name in the cache.
  const from = useMemo(
    () => (span === null || span === 'all' ? undefined : new Date(now - spans[span]).toISOString()),
    [span, now],
  );
  return {
    span,
    from: chosen ? filters.from : from,
    to: chosen ? filters.to : undefined,
    now,
    choose: (next) => {
      setNow(Date.now());
      set({ range: next === usual ? undefined : next, from: undefined, to: undefined });
    },
    between: (first, last) => set({ range: undefined, from: first, to: last }),
  };
}
