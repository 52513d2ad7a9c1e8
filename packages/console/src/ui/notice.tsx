import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export type Tone = 'ok' | 'warn' | 'bad' | 'info';

const looks = {
  ok: ['border-ok/30 bg-ok-soft text-ok', CircleCheck],
  warn: ['border-warn/30 bg-warn-soft text-warn', TriangleAlert],
  bad: ['border-bad/30 bg-bad-soft text-bad', CircleAlert],
  info: ['border-info/30 bg-info-soft text-info', Info],
} as const;

export interface NoticeProps {
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/** Something the person should know here and now: what it is, and what to do about it. */
export function Notice({ tone, title, children, action }: NoticeProps) {
  const [colours, Icon] = looks[tone];
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={cx('flex gap-2.5 rounded-lg border p-3', colours)}>
      <Icon size={16} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0 grow">
        <p className="font-medium">{title}</p>
        {children !== undefined && <div className="text-text">{children}</div>}
      </div>
      {action}
    </div>
  );
}
