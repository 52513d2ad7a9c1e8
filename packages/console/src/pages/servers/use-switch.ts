import type { Server } from '@mcpnest/contract/schemas/servers';
import { problemOf } from '../../api/problem.ts';
import { useChange } from '../../api/queries.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/servers.ts';
import { toast } from '../../ui/toast.tsx';

const failed = (error: unknown): void => {
  const { title, detail } = problemOf(error);
  toast({ title, detail, tone: 'bad' });
};

/** Enable or disable a server, with the way back. */
export function useSwitch(): (server: Pick<Server, 'slug' | 'name' | 'enabled'>) => void {
  const workspace = useWorkspace();
  const update = useChange('servers', 'update', ['tools', 'toolWeights', 'statistics']);
  const set = (slug: string, enabled: boolean, then: () => void): void =>
    update.mutate({ params: { workspace, server: slug }, body: { enabled } }, { onSuccess: then, onError: failed });
  return ({ slug, name, enabled }) =>
    set(slug, !enabled, () =>
      toast({
        title: enabled ? t('nowDisabled', { name }) : t('nowEnabled', { name }),
        undo: () => set(slug, enabled, () => undefined),
      }),
    );
}

/** Move a server to another place in the list, with the way back. */
export function useMove(): (server: Pick<Server, 'slug' | 'name' | 'position'>, position: number) => void {
  const workspace = useWorkspace();
  const move = useChange('servers', 'move', ['tools']);
  const put = (slug: string, position: number, then: () => void): void =>
    move.mutate({ params: { workspace, server: slug }, body: { position } }, { onSuccess: then, onError: failed });
  return ({ slug, name, position: before }, position) =>
    put(slug, position, () =>
      toast({ title: t('nowAt', { name, position }), undo: () => put(slug, before, () => undefined) }),
    );
}
