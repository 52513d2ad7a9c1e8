import { useId } from 'react';
import type { ReactNode } from 'react';

export interface CardProps {
  readonly title?: ReactNode;
  readonly about?: ReactNode;
  /** Buttons and links at the top right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page that stands for itself. */
export function Card({ title, about, actions, children }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={title === undefined ? undefined : id}
      className="rounded-xl border border-line bg-panel shadow-raised"
    >
      {title !== undefined && (
        <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-5 pt-4">
          <div>
            <h2 id={id} className="text-base font-semibold">
              {title}
            </h2>
            {about !== undefined && <p className="text-sm text-quiet">{about}</p>}
          </div>
          {actions}
        </header>
      )}
      <div className="px-5 py-4">{children}</div>
    </section>
  );
}

/** Names and values, one pair a line. */
export function KeyValueList({ items }: { readonly items: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-2 max-sm:grid-cols-1 max-sm:gap-y-1">
      {Object.entries(items).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-quiet">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
