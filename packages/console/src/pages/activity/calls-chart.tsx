import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { outcomeSeries } from '../../components/outcome-series.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { formatTime } from '../../strings/catalogue.ts';
import { BrushedBars } from '../../ui/charts/brushed-bars.tsx';
import type { CallFilters } from './call-filters.ts';
import { spans } from './time-range.ts';
import type { TimeRange } from './time-range.ts';

const hour = 3_600_000;
/** Hours shown by the hour; longer spans are shown by the day. */
const mostHours = 8 * 24;
const longest = 400 * 24 * hour;

export interface CallsChartProps {
  readonly range: TimeRange;
  readonly filters: CallFilters;
}

/** Calls over time, from hourly counts: drawn at once however many there are. */
export function CallsChart({ range, filters }: CallsChartProps) {
  const workspace = useWorkspace();
  const { server, tool, ...others } = filters;
  const to = range.to;
  const end = to === undefined ? range.now : Date.parse(to);
  const from = range.from ?? new Date(end - spans['30d']).toISOString();
  const hours = (end - Date.parse(from)) / hour;
  const per = hours <= mostHours ? 'hour' : 'day';
  const query = useQuery({
    ...apiQuery('statistics', 'series', {
      params: { workspace },
      query: { per, server, tool, from: end - Date.parse(from) > longest ? undefined : from, to },
    }),
    staleTime: 30_000,
  });
  if (query.error !== null) return <ProblemNotice error={query.error} onRetry={query.refetch} />;
  const points = query.data?.points ?? [];
  const of = [server, tool].filter((text) => text !== undefined).join(' · ');
  return (
    // As high before it is read as after.
    <section aria-label={t('chart')} className="min-h-60 rounded-xl border border-line bg-panel px-5 py-4">
      <BrushedBars
        label={t('chart')}
        times={points.map(({ at }) => at)}
        stepMs={per === 'hour' ? hour : 24 * hour}
        formatTime={formatTime}
        onBrush={(first, last) => range.between(first, last)}
        series={outcomeSeries(points)}
      />
      <p className="text-sm text-quiet">
        {Object.keys(others).length > 0
          ? t('chartOthers', { of: of === '' ? '' : t('chartOf', { what: of }) })
          : range.span === 'all'
            ? t('chartRecent')
            : t('chartHelp')}
      </p>
    </section>
  );
}
