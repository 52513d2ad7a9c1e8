import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { useSession } from '../../api/session.ts';
import { roleIn } from '../../capabilities.ts';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/hosted.ts';

/** Whether to offer somebody to restart, end and listen to instances: all to an administrator, to a member their own. */
export function useMayManage(): (instance: Pick<HostedInstance, 'member'>) => boolean {
  const session = useSession();
  const role = roleIn(session, useWorkspace());
  return ({ member }) => role === 'admin' || role === 'owner' || member === session.user.email;
}

/** Start an instance anew; one that sleeps wakes up by it. */
export function useRestart() {
  const { run, busy } = useAction('hosted', 'restart', { also: ['hostedCatalogue', 'tools', 'servers'] });
  return {
    busy,
    restart: ({ instance_id: instance, name, state }: HostedInstance, after?: () => void): void =>
      run({ params: { instance } }, { title: t(state === 'sleeping' ? 'woken' : 'restarted', { name }) }, after),
  };
}
