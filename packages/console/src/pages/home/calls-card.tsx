import type { Series as CallSeries } from '@mcpnest/contract/schemas/charts';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { outcomeSeries } from '../../components/outcome-series.ts';
import { paths } from '../../paths.ts';
import { formatDuration, formatNumber, formatTime } from '../../strings/catalogue.ts';
import { t } from '../../strings/home.ts';
import { Card } from '../../ui/card.tsx';
import { StackedBars } from '../../ui/charts/small-charts.tsx';

const failures = ({ faults: { caller, tool, upstream, gateway } }: Pick<CallSeries['total'], 'faults'>): number =>
  caller + tool + upstream + gateway;

/** Calls of the last day: how many, how many went wrong, how long they took. */
export function CallsCard({ workspace }: { readonly workspace: string }) {
  const query = useQuery({
    ...apiQuery('statistics', 'series', { params: { workspace }, query: { per: 'hour' } }),
    refetchInterval: 30_000,
  });
  return (
    <Card
      title={t('calls')}
      about={t('callsAbout')}
      actions={
        <LinkButton small to={paths.activity(workspace)}>
          {t('activity')}
        </LinkButton>
      }
    >
      <Asked query={query}>
        {({ points, total }) => (
          <div className="flex flex-col gap-4">
            <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4">
              <Figure name={t('calls')} value={formatNumber(total.calls)} />
              <Figure name={t('failed')} value={formatNumber(failures(total))} />
              <Figure name={t('denied')} value={formatNumber(total.faults.denied)} />
              <Figure
                name={t('p95')}
                value={total.latencyMs.p95 === null ? '–' : formatDuration(total.latencyMs.p95)}
              />
            </dl>
            {total.calls === 0 ? (
              <p className="text-quiet">{t('noCalls')}</p>
            ) : (
              <StackedBars
                label={t('callsChart')}
                times={points.map(({ at }) => at)}
                formatTime={formatTime}
                series={outcomeSeries(points)}
              />
            )}
          </div>
        )}
      </Asked>
    </Card>
  );
}

const Figure = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt className="text-sm text-quiet">{name}</dt>
    <dd className="text-xl font-semibold">{value}</dd>
  </div>
);
