import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FirstSteps } from '../../components/first-steps.tsx';
import { LinkButton } from '../../components/link.tsx';
import { useFilters } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/first-run.ts';
import { t as words } from '../../strings/connect.ts';
import { t as shellWords } from '../../strings/shell.ts';
import { Card } from '../../ui/card.tsx';
import { Skeleton } from '../../ui/states.tsx';
import { ConnectPanel } from '../connect/connect-panel.tsx';
import { useFirstSteps } from './first-run.ts';
import { ServerStep } from './server-step.tsx';

/** What is left to do until the first call goes through. What is done is told by the data, so that it goes on anywhere. */
export function FirstRunPage() {
  const workspace = useWorkspace();
  const [{ step: asked }] = useFilters(['step']);
  const done = useFirstSteps(workspace);
  // Whoever came for a step stays at it when it is done, until they go on.
  const [first, setFirst] = useState<'server' | 'client' | 'done'>();
  if (first === undefined && done !== undefined)
    setFirst(!done.has('server') ? 'server' : !done.has('client') ? 'client' : 'done');
  const step = asked === 'server' || asked === 'client' ? asked : first;
  return (
    <Page
      title={t('title')}
      about={t('about')}
      trail={[{ label: shellWords('home'), to: paths.home(workspace) }]}
      actions={<LinkButton to={paths.home(workspace)}>{t('later')}</LinkButton>}
      cli={{
        command: `mcpnest server add Context7 --url https://mcp.context7.com/mcp --workspace ${workspace}\nmcpnest connect claude-code --workspace ${workspace}`,
        request: `POST /api/v1/workspaces/${workspace}/servers`,
      }}
    >
      <FirstSteps current={step === 'done' ? undefined : step} done={done ?? new Set()} />
      {step === undefined && <Skeleton rows={6} />}
      {step === 'server' && <ServerStep workspace={workspace} done={done?.has('server') === true} />}
      {step === 'client' && <ClientStep workspace={workspace} done={done?.has('client') === true} />}
      {step === 'done' && (
        <Card title={t('doneTitle')} about={t('doneAbout')}>
          <LinkButton look="primary" to={paths.home(workspace)}>
            {t('finish')}
          </LinkButton>
        </Card>
      )}
    </Page>
  );
}

function ClientStep({ workspace, done }: { readonly workspace: string; readonly done: boolean }) {
  const [{ client }, setFilters] = useFilters(['client']);
  const query = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  return (
    <>
      <Asked query={query}>
        {({ gatewayUrl }) => (
          <Card title={t('clientTitle')} about={words('about')}>
            <ConnectPanel
              workspace={workspace}
              gatewayUrl={gatewayUrl}
              chosen={client}
              onChoose={(next) => setFilters({ client: next })}
            />
          </Card>
        )}
      </Asked>
      <div className="flex justify-between">
        <LinkButton look="quiet" to={paths.firstRun(workspace, 'server')}>
          {t('back')}
        </LinkButton>
        <LinkButton look={done ? 'primary' : 'plain'} to={paths.home(workspace)}>
          {done ? t('finish') : t('skip')}
        </LinkButton>
      </div>
    </>
  );
}
