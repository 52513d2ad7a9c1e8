import { useEffect, useState } from 'react';
import { formatTime } from '../strings/catalogue.ts';
import { timeLeft } from './time-left.ts';
import { Tooltip } from './tooltip.tsx';

/** How long something still holds; counts down while it is looked at. */
export function Countdown({ until, over }: { readonly until: string; readonly over: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Tooltip text={formatTime(until)}>
      <time dateTime={until} role="timer" tabIndex={0} className="whitespace-nowrap tabular-nums">
        {timeLeft(Date.parse(until), now) ?? over}
      </time>
    </Tooltip>
  );
}
