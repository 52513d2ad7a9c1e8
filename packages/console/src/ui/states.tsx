import { Progress as Base } from '@base-ui/react/progress';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export interface EmptyStateProps {
  /** What would be here, in one sentence. */
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
  readonly link?: ReactNode;
  /** A real one, as it would look. */
  readonly example?: ReactNode;
}

/** Nothing is here yet: what it is for, what to do, where to read more, and how it looks when there is something. */
export function EmptyState({ title, children, action, link, example }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-start gap-3 rounded-xl border border-dashed border-line-strong/60 px-6 py-8">
      <h2 className="text-lg font-semibold">{title}</h2>
      <div className="max-w-prose text-quiet">{children}</div>
      {(action !== undefined || link !== undefined) && (
        <div className="flex items-center gap-4">
          {action}
          {link}
        </div>
      )}
      {example !== undefined && (
        <figure className="mt-2 w-full max-w-3xl">
          <figcaption className="mb-1 text-sm text-quiet">For example</figcaption>
          {example}
        </figure>
      )}
    </div>
  );
}

/** The place of something that is being read; shows itself after 150 ms. */
export function Skeleton({ rows = 3 }: { readonly rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="appear-late flex flex-col gap-2.5 py-1">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={cx('h-4 animate-pulse rounded bg-line', index % 3 === 2 ? 'w-1/2' : 'w-full')} />
      ))}
    </div>
  );
}

/** How far something is; without a value, that it goes on. */
export function Progress({ label, value }: { readonly label: string; readonly value: number | null }) {
  return (
    <Base.Root value={value} className="flex flex-col gap-1">
      <Base.Label className="text-sm text-quiet">{label}</Base.Label>
      <Base.Track className="h-1.5 overflow-hidden rounded-full bg-line">
        <Base.Indicator className="h-full rounded-full bg-accent transition-all data-indeterminate:w-1/3 data-indeterminate:animate-pulse" />
      </Base.Track>
    </Base.Root>
  );
}
