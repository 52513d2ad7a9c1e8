import type { Series as SeriesAnswer } from '@mcpnest/contract/schemas/charts';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { useFilters } from '../../../components/navigate.ts';
import { outcomeSeries } from '../../../components/outcome-series.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { formatDuration, formatNumber, formatTime } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/servers.ts';
import { Card } from '../../../ui/card.tsx';
import { LineChart } from '../../../ui/charts/line-chart.tsx';
import { StackedBars } from '../../../ui/charts/small-charts.tsx';
import type { Series } from '../../../ui/charts/small-charts.tsx';
import { ChoiceFilter } from '../../../ui/choice-filter.tsx';

const dayMs = 86_400_000;
const spans = [
  { value: '7', label: t('days', { count: 7 }) },
  { value: '30', label: t('days', { count: 30 }) },
] as const;

/** Calls, failures and latency of a server, or of one of its tools. */
export function UseCharts({ server }: { readonly server: string }) {
  const workspace = useWorkspace();
  const params = { workspace };
  const [{ span, tool }, setFilters] = useFilters(['span', 'tool']);
  const days = span === '7' ? 7 : span === '30' ? 30 : 1;
  const [opened] = useState(() => Date.now());
  const from = new Date(opened - days * dayMs).toISOString();
  const query = useQuery({
    ...apiQuery('statistics', 'series', {
      params,
      query: { server, per: days === 30 ? 'day' : 'hour', from, ...(tool === undefined ? {} : { tool }) },
    }),
    refetchInterval: 60_000,
  });
  const tools = useQuery(apiQuery('statistics', 'stats', { params, query: { by: 'tool', server, from } }));
  const used = tools.data?.items.flatMap((item) => item.tool ?? []) ?? [];
  return (
    <Card
      title={t('use')}
      actions={
        <div className="flex flex-wrap justify-end gap-2">
          <ChoiceFilter
            label={t('tool')}
            value={tool}
            any={t('allTools')}
            choices={used.map((value) => ({ value, label: value }))}
            onChange={(next) => setFilters({ tool: next })}
          />
          <ChoiceFilter
            label={t('span')}
            value={span === '7' || span === '30' ? span : undefined}
            any={t('lastDay')}
            choices={spans}
            onChange={(next) => setFilters({ span: next })}
          />
        </div>
      }
    >
      <Asked query={query}>
        {(answer) => (answer.total.calls === 0 ? <p className="text-quiet">{t('noCalls')}</p> : <Charts {...answer} />)}
      </Asked>
    </Card>
  );
}

function Charts({ points, total, errorPercent }: SeriesAnswer) {
  const { times, outcomes, latencyTimes, latency } = useMemo(() => chartsOf(points), [points]);
  const failed = total.calls - total.ok;
  const [first, last] = [times[0], times.at(-1)];
  return (
    <div className="grid gap-6 lg:grid-cols-2 *:min-w-0">
      <div>
        <p className="mb-2">
          {t('callsCount', { count: total.calls })}
          <span className={failed > 0 ? 'text-bad' : 'text-quiet'}> · {t('failedCount', { count: failed })}</span>
        </p>
        <StackedBars label={t('callsAll')} times={times} series={outcomes} formatTime={formatTime} />
      </div>
      <div>
        <p className="mb-2">
          {total.latencyMs.p95 === null
            ? t('latencyUnknown')
            : t('latencyIs', { p95: formatDuration(total.latencyMs.p95), off: formatNumber(errorPercent) })}
        </p>
        <LineChart
          label={t('latencyMs')}
          times={latencyTimes}
          {...(first === undefined || last === undefined ? {} : { within: [first, last] as const })}
          series={latency}
          formatTime={formatTime}
        />
      </div>
    </div>
  );
}

function chartsOf(points: SeriesAnswer['points']): {
  times: string[];
  outcomes: Series[];
  latencyTimes: string[];
  latency: Series[];
} {
  // Where no call reached the server there is no latency, which is not the same as none.
  const timed = points.filter(({ p50 }) => p50 !== null);
  return {
    latencyTimes: timed.map(({ at }) => at),
    times: points.map(({ at }) => at),
    outcomes: outcomeSeries(points),
    latency: [
      { label: 'p50', tone: 'accent', values: timed.map(({ p50 }) => p50 ?? 0) },
      { label: 'p95', tone: 'warn', values: timed.map(({ p95 }) => p95 ?? 0) },
    ],
  };
}
