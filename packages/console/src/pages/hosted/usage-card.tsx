import type { HostedUsage } from '@mcpnest/contract/schemas/hosted';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { formatDuration, formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/hosted.ts';
import { Card } from '../../ui/card.tsx';
import { StackedBars } from '../../ui/charts/small-charts.tsx';
import type { Series } from '../../ui/charts/small-charts.tsx';
import { bytesPerMegabyte } from './size-text.ts';

const shownDays = 30;
const dayMs = 86_400_000;
const dates = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const dayText = (iso: string): string => dates.format(new Date(iso));

type Day = HostedUsage['items'][number];

const measures: readonly {
  readonly label: string;
  readonly tone: Series['tone'];
  readonly of: (day: Day) => number;
}[] = [
  { label: t('calls'), tone: 'accent', of: ({ calls }) => calls },
  { label: t('cpu'), tone: 'info', of: ({ cpu_seconds }) => cpu_seconds },
  { label: t('memory'), tone: 'off', of: ({ memory_peak_bytes }) => Math.round(memory_peak_bytes / bytesPerMegabyte) },
];

/** What an instance used, day by day. */
export function UsageCard({ instance }: { readonly instance: string }) {
  const query = useQuery({
    ...apiQuery('hosted', 'usage', { params: { instance } }),
    refetchInterval: 30_000,
  });
  return (
    <Card title={t('usage')} about={t('usageAbout')}>
      <Asked query={query} rows={3}>
        {({ items }) => (items.length === 0 ? <p className="text-quiet">{t('usageNone')}</p> : <Days days={items} />)}
      </Asked>
    </Card>
  );
}

function Days({ days }: { readonly days: readonly Day[] }) {
  const byDay = new Map(days.map((day) => [day.day, day]));
  const [times] = useState(() => lastDays(Date.now()));
  const values = (of: (day: Day) => number): number[] =>
    times.map((time) => {
      const day = byDay.get(time);
      return day === undefined ? 0 : of(day);
    });
  const total = (of: (day: Day) => number): number => values(of).reduce((sum, value) => sum + value, 0);
  return (
    <>
      <p className="mb-4">
        {t('usageTotal', {
          time: timeText(total(({ running_seconds: seconds }) => seconds)),
          cpu: timeText(total(({ cpu_seconds: seconds }) => seconds)),
          calls: total(({ calls }) => calls),
        })}
      </p>
      <div className="grid gap-6 *:min-w-0 md:grid-cols-3">
        {measures.map(({ label, tone, of }) => (
          <StackedBars
            key={label}
            label={label}
            times={times}
            series={[{ label, tone, values: values(of) }]}
            formatTime={dayText}
          />
        ))}
      </div>
    </>
  );
}

/** Days of UTC up to a moment, oldest first. */
const lastDays = (now: number): string[] =>
  Array.from({ length: shownDays }, (_, index) =>
    new Date(now - (shownDays - 1 - index) * dayMs).toISOString().slice(0, 10),
  );

/** Seconds as people read them; many of them as hours. */
const timeText = (seconds: number): string =>
  seconds < 3_600
    ? formatDuration(seconds * 1_000)
    : t('hours', { hours: formatNumber(Math.round(seconds / 360) / 10) });
