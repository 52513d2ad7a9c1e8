import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { Asked } from '../../components/asked.tsx';
import { Page } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/home.ts';
import { Card } from '../../ui/card.tsx';
import { Bars, HeatMap } from '../../ui/charts/small-charts.tsx';
import { Notice } from '../../ui/notice.tsx';
import { DependencyMap } from './dependency-map.tsx';
import { homeTabs } from './home-tabs.ts';

/** Figures move by the hour, and reading some of them is on record. */
const staleTime = 300_000;

/** Who uses what, when, and what depends on what. */
export function InsightsPage() {
  const workspace = useWorkspace();
  const { user } = useSession();
  const may = useMay('statistics.dependencies');
  const shown = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  return (
    <Page
      title={shown.data?.name ?? workspace}
      about={t('insightsAbout')}
      tabs={homeTabs(workspace)}
      cli={{
        command: `mcpnest audit dependencies --by team --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/dependencies?by=team`,
      }}
    >
      {may ? (
        <>
          <MapCard workspace={workspace} />
          <HeatCard workspace={workspace} />
          <TeamsCard workspace={workspace} />
        </>
      ) : (
        <Notice tone="info" title={t('needAdmin')}>
          {t('needAdminAbout', { email: user.email, workspace })}
        </Notice>
      )}
    </Page>
  );
}

interface InWorkspace {
  readonly workspace: string;
}

function MapCard({ workspace }: InWorkspace) {
  const params = { workspace };
  const query = useQuery({ ...apiQuery('statistics', 'dependencies', { params, query: { by: 'team' } }), staleTime });
  return (
    <Card title={t('map')} about={t('mapAbout')}>
      <Asked query={query}>
        {(data) =>
          data.servers.length === 0 ? (
            <p className="text-quiet">{t('none')}</p>
          ) : (
            <DependencyMap workspace={workspace} dependencies={data} />
          )
        }
      </Asked>
    </Card>
  );
}

/** Minutes the wall clock of this browser is ahead of UTC. */
const offset = -new Date().getTimezoneOffset();
const weekdays = Array.from({ length: 7 }, (_, index) =>
  // 2024 began on a Monday.
  new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2024, 0, index + 1)),
);
const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));

function HeatCard({ workspace }: InWorkspace) {
  const query = useQuery({
    ...apiQuery('statistics', 'heat', { params: { workspace }, query: { offset } }),
    staleTime,
  });
  return (
    <Card title={t('heat')} about={t('heatAbout')}>
      <Asked query={query}>
        {({ cells }) => (
          <HeatMap
            label={t('heat')}
            columns={hours}
            rows={weekdays.map((label, day) => ({
              label,
              values: cells.filter(({ weekday }) => weekday === day + 1).map(({ calls }) => calls),
            }))}
          />
        )}
      </Asked>
    </Card>
  );
}

const shownTeams = 12;

function TeamsCard({ workspace }: InWorkspace) {
  const query = useQuery({
    ...apiQuery('statistics', 'usage', { params: { workspace }, query: { by: 'team', per: 'month' } }),
    staleTime,
  });
  return (
    <Card title={t('teams')} about={t('teamsAbout')}>
      <Asked query={query} rows={3}>
        {({ items }) => {
          const latest = items.at(-1)?.period;
          const rows = items.filter(({ period }) => period === latest);
          return rows.length === 0 ? (
            <p className="text-quiet">{t('none')}</p>
          ) : (
            <Bars
              label={t('teams')}
              bars={rows
                .toSorted((a, b) => b.calls - a.calls)
                .slice(0, shownTeams)
                .map(({ name, calls }) => ({ label: name ?? t('noTeam'), value: calls }))}
            />
          );
        }}
      </Asked>
    </Card>
  );
}
