import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export type StatusTone = 'ok' | 'warn' | 'bad' | 'info' | 'off';

const colour: Readonly<Record<StatusTone, string>> = {
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  off: 'text-quiet',
};

const soft: Readonly<Record<StatusTone, string>> = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  off: 'bg-sunken text-quiet',
};

/** Each tone has a shape of its own, so that nobody has to tell colours apart. */
const shape: Readonly<Record<StatusTone, ReactNode>> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  warn: <path d="M5 .8 9.6 9H.4Z" fill="currentColor" />,
  bad: <path d="M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />,
  info: <path d="M5 .8 9.2 5 5 9.2.8 5Z" fill="currentColor" />,
  off: <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.6" />,
};

/** How something is doing: a word and a shape. */
export function StatusWord({ tone, children }: { readonly tone: StatusTone; readonly children: ReactNode }) {
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', colour[tone])}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden>
        {shape[tone]}
      </svg>
      {children}
    </span>
  );
}

/** A word that sets something apart. */
export function Badge({ tone = 'off', children }: { readonly tone?: StatusTone; readonly children: ReactNode }) {
  return (
    <span
      className={cx('inline-flex h-5 items-center rounded px-1.5 text-xs font-medium whitespace-nowrap', soft[tone])}
    >
      {children}
    </span>
  );
}
