import type { ReactNode } from 'react';
import { problemOf } from '../api/problem.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/states.tsx';

/** The parts of a query that decide what to show. */
interface Answer<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

export interface AskedProps<T> {
  readonly query: Answer<T>;
  readonly children: (data: T) => ReactNode;
  readonly rows?: number;
}

/** What was asked for, once it is there. What was read before stays in sight when reading it anew fails. */
export function Asked<T>({ query, children, rows = 6 }: AskedProps<T>) {
  return (
    <>
      {query.error !== null && query.error !== undefined && (
        <ProblemNotice error={query.error} onRetry={query.refetch} />
      )}
      {query.data !== undefined ? children(query.data) : query.error === null && <Skeleton rows={rows} />}
    </>
  );
}

/** Whatever was thrown, as words. */
export function ProblemNotice({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => unknown }) {
  const { title, detail, retryable, requestId } = problemOf(error);
  return (
    <Notice
      tone="bad"
      title={title}
      action={
        onRetry !== undefined && retryable ? (
          <Button small onClick={() => void onRetry()}>
            Try again
          </Button>
        ) : undefined
      }
    >
      <p>{detail}</p>
      {requestId !== undefined && <p className="font-mono text-xs text-quiet">Request {requestId}</p>}
    </Notice>
  );
}
