import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery, useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/servers.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { toast } from '../../ui/toast.tsx';

export interface RemoveServerProps {
  readonly server: Server;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Ask before a server goes, and say who would notice. */
export function RemoveServer({ server: { slug, name, credential }, open, onClose }: RemoveServerProps) {
  const workspace = useWorkspace();
  const go = useGo();
  const remove = useChange('servers', 'remove', ['tools', 'toolWeights', 'statistics', 'manifests']);
  const query = useQuery({
    ...apiQuery('impacts', 'show', { params: { workspace }, query: { kind: 'server', id: slug } }),
    enabled: open,
  });
  const impact = query.data;
  const consequences = [
    impact === undefined ? t('goesTools') : t('goesToolsCount', { count: impact.tools }),
    ...(impact === undefined
      ? [query.error === null ? t('impactAsked') : t('impactUnknown')]
      : impact.calls === 0
        ? [t('impactNobody')]
        : [
            t('impactCalls', { count: impact.calls }),
            t('impactWho', { members: impact.members, machines: impact.machines }),
          ]),
    ...(credential === null ? [] : [t('goesCredential')]),
    t('staysRecords'),
  ];
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={t('removeTitle', { name })}
      consequences={consequences}
      action={t('remove')}
      typed={slug}
      busy={remove.isPending}
      problem={faultOf(remove.error)}
      onConfirm={() =>
        remove.mutate(
          { params: { workspace, server: slug } },
          {
            onSuccess: () => {
              toast({ title: t('removed', { name }) });
              go(paths.servers(workspace), { replace: true });
            },
          },
        )
      }
    />
  );
}
