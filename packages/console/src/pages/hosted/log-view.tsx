import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { t } from '../../strings/hosted.ts';
import { Button } from '../../ui/button.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { cx } from '../../ui/cx.ts';
import type { LogLine } from './log-lines.ts';

const clock = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });
/** So near to the end counts as being there. */
const nearPx = 24;

export interface LogViewProps {
  readonly label: string;
  readonly lines: readonly LogLine[];
  /** Said in place of lines. */
  readonly none: string;
  readonly tall?: boolean;
}

/** Lines of a log, of which only those in sight exist. It keeps to the newest until somebody scrolls away from it. */
export function LogView({ label, lines, none, tall = false }: LogViewProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => lines[index]?.key ?? index,
    estimateSize: () => 20,
    overscan: 20,
  });
  const size = virtual.getTotalSize();
  useEffect(() => {
    const element = scroller.current;
    if (atEnd && element !== null) element.scrollTop = element.scrollHeight;
  }, [atEnd, size]);
  return (
    <div className="relative">
      <div
        ref={scroller}
        role="region"
        aria-label={label}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
          setAtEnd(scrollTop + clientHeight >= scrollHeight - nearPx)
        }
        className={cx(
          'overflow-y-auto rounded-lg border border-line bg-sunken py-2 font-mono text-xs',
          tall ? 'h-[60vh] min-h-72' : 'h-64',
        )}
      >
        {lines.length === 0 && <p className="px-3 font-sans text-base text-quiet">{none}</p>}
        <ol className="relative" style={{ height: size }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const line = lines[index];
            return (
              line !== undefined && (
                <li
                  key={key}
                  ref={virtual.measureElement}
                  data-index={index}
                  className="absolute inset-x-0 flex gap-x-3 px-3 py-px max-md:flex-wrap"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <Line line={line} />
                </li>
              )
            );
          })}
        </ol>
      </div>
      {!atEnd && (
        <Button small className="absolute right-4 bottom-3 shadow-raised" onClick={() => setAtEnd(true)}>
          {t('newer')}
        </Button>
      )}
    </div>
  );
}

const Line = ({ line: { at, stream, text } }: { readonly line: LogLine }) => (
  <>
    <time dateTime={at} className="shrink-0 text-quiet select-none">
      {clock.format(new Date(at))}
    </time>
    <span className={cx('w-11 shrink-0 select-none', stream === 'stderr' ? 'text-warn' : 'text-quiet')}>
      {stream === 'stderr' ? t('stderr') : ''}
    </span>
    <span className="min-w-0 grow max-md:basis-full">
      <UntrustedText text={text} limit={2_000} />
    </span>
  </>
);
