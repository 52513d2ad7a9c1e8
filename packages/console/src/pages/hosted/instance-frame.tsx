import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { useQuery } from '@tanstack/react-query';
import { RotateCw, Sunrise, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/hosted.ts';
import { Button } from '../../ui/button.tsx';
import { InstanceState, isOnItsWay } from './instance-state.tsx';
import { Terminate } from './terminate.tsx';
import { useMayManage, useRestart } from './use-instance.ts';

const settledMs = 5_000;
const movingMs = 1_000;

export interface InstanceFrameProps {
  /** `mcpnest hosted show {instance}`. */
  readonly command: (instance: string) => string;
  /** `GET /api/hosted/{instance}`. */
  readonly request: (instance: string) => string;
  readonly children: (instance: HostedInstance) => ReactNode;
}

/** What every part of an instance's page has around it. Another instance is another page. */
export function InstanceFrame(props: InstanceFrameProps) {
  const id = usePathPart('instance');
  return <Frame key={id} {...props} id={id} />;
}

function Frame({ command, request, children, id }: InstanceFrameProps & { readonly id: string }) {
  const workspace = useWorkspace();
  const go = useGo();
  const query = useQuery({
    ...apiQuery('hosted', 'show', { params: { instance: id } }),
    refetchInterval: ({ state }) => (state.data !== undefined && isOnItsWay(state.data.state) ? movingMs : settledMs),
  });
  const instance = query.data;
  return (
    <Page
      title={instance?.name ?? t('title')}
      trail={[
        { label: t('servers'), to: paths.servers(workspace) },
        { label: t('hosted'), to: paths.hosted(workspace) },
      ]}
      status={instance !== undefined && <InstanceState {...instance} />}
      actions={
        instance !== undefined && (
          <Actions instance={instance} onEnded={() => go(paths.hosted(workspace), { replace: true })} />
        )
      }
      tabs={[
        { label: t('overview'), to: paths.hostedInstance(workspace, id) },
        { label: t('log'), to: paths.hostedLog(workspace, id) },
      ]}
      cli={{ command: command(id), request: request(id) }}
    >
      <Asked query={query}>{children}</Asked>
    </Page>
  );
}

function Actions({ instance, onEnded }: { readonly instance: HostedInstance; readonly onEnded: () => void }) {
  const mayManage = useMayManage();
  const { restart, busy } = useRestart();
  const [ending, setEnding] = useState(false);
  if (!mayManage(instance)) return <p className="max-w-xs text-sm text-quiet">{t('notYours')}</p>;
  const asleep = instance.state === 'sleeping';
  const Icon = asleep ? Sunrise : RotateCw;
  return (
    <>
      <Button busy={busy} onClick={() => restart(instance)}>
        <Icon size={14} aria-hidden />
        {t(asleep ? 'wake' : 'restart')}
      </Button>
      <Button look="danger" onClick={() => setEnding(true)}>
        <Trash2 size={14} aria-hidden />
        {t('terminate')}
      </Button>
      <Terminate instance={instance} open={ending} onClose={() => setEnding(false)} onEnded={onEnded} />
    </>
  );
}
