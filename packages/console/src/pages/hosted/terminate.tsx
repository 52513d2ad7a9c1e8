import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useAction } from '../../components/use-action.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/hosted.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';

/** What else is known otherwise once an instance has ended. */
export const touchedByEnd = ['hostedCatalogue', 'servers', 'tools', 'toolWeights', 'statistics'] as const;

export interface TerminateProps {
  readonly instance: HostedInstance;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onEnded: () => void;
}

/** Ask before an instance ends, and say what ends with it. */
export function Terminate({
  instance: { instance_id, name, server, env_keys },
  open,
  onClose,
  onEnded,
}: TerminateProps) {
  const workspace = useWorkspace();
  const mayAsk = useMay('impacts.show');
  const { run, busy, problem } = useAction('hosted', 'terminate', { also: touchedByEnd, inForm: true });
  const impact = useQuery({
    ...apiQuery('impacts', 'show', { params: { workspace }, query: { kind: 'server', id: server } }),
    enabled: open && mayAsk,
  }).data;
  const consequences = [
    t('endTools'),
    ...(impact === undefined ? [] : [impact.calls === 0 ? t('endNobody') : t('endCalls', { count: impact.calls })]),
    ...(env_keys.length === 0 ? [] : [t('endSealed', { count: env_keys.length })]),
    t('endContainer'),
    t('endRecords'),
  ];
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={t('endTitle', { name })}
      consequences={consequences}
      action={t('terminate')}
      typed={server}
      busy={busy}
      problem={problem}
      onConfirm={() => run({ params: { instance: instance_id } }, { title: t('ended', { name }) }, onEnded)}
    />
  );
}
