import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { LinkButton } from '../../components/link.tsx';
import { Page } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';
import { Notice } from '../../ui/notice.tsx';
import { useFirstSteps } from '../first-run/first-run.ts';
import { ApprovalsCard } from './approvals-card.tsx';
import { AttentionCard } from './attention-card.tsx';
import { CallsCard } from './calls-card.tsx';
import { ChecklistCard } from './checklist-card.tsx';
import { HealthCard } from './health-card.tsx';
import { homeTabs } from './home-tabs.ts';
import { OwnUseCard } from './own-use-card.tsx';

/** Where a workspace begins: how it fares first, then what needs somebody, then what it is used for. */
export function HomePage() {
  const workspace = useWorkspace();
  const admin = useMay('statistics.overview');
  const shown = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  const steps = useFirstSteps(workspace);
  const isOpen = steps !== undefined && !(steps.has('server') && steps.has('client'));
  return (
    <Page
      title={shown.data?.name ?? workspace}
      about={t('about')}
      tabs={homeTabs(workspace)}
      actions={
        <LinkButton look="primary" to={paths.connect(workspace)}>
          {t('connect')}
        </LinkButton>
      }
      cli={{
        command: `mcpnest overview --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/overview`,
      }}
    >
      {isOpen && (
        <Notice
          tone="info"
          title={t('first')}
          action={
            <LinkButton small to={paths.firstRun(workspace)}>
              {t('goOn')}
            </LinkButton>
          }
        >
          {t('firstAbout')}
        </Notice>
      )}
      <HealthCard workspace={workspace} />
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex flex-col gap-6">
          {admin ? <CallsCard workspace={workspace} /> : <OwnUseCard workspace={workspace} />}
          <ApprovalsCard workspace={workspace} />
        </div>
        {admin && (
          <div className="flex flex-col gap-6">
            <AttentionCard workspace={workspace} />
            <ChecklistCard workspace={workspace} />
          </div>
        )}
      </div>
    </Page>
  );
}
