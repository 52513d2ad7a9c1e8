import { useSyncExternalStore } from 'react';
import { formatRelative, formatTime } from '../strings/catalogue.ts';
import { Tooltip } from './tooltip.tsx';

/** The clock moves this often; what is younger is `just now`. */
const tickMs = 10_000;

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for every time on the page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export interface RelativeTimeProps {
  readonly at: string;
  /** In a row of a table, of which there are many: in full on hover, and no stop of the Tab key. */
  readonly inRow?: boolean;
}

/** `5 minutes ago`; in full on hover and focus. */
export function RelativeTime({ at, inRow = false }: RelativeTimeProps) {
  const moment = useSyncExternalStore(subscribe, () => now);
  const time = Date.parse(at);
  const words = formatRelative(time, Math.abs(time - moment) < tickMs ? time : moment);
  if (inRow)
    return (
      <time dateTime={at} title={formatTime(at)} className="whitespace-nowrap">
        {words}
      </time>
    );
  return (
    <Tooltip text={formatTime(at)}>
      <time dateTime={at} tabIndex={0} className="whitespace-nowrap">
        {words}
      </time>
    </Tooltip>
  );
}
