import type { RequestOf } from '../../api/queries.ts';
import type { AppProblem } from '../../api/problem.ts';
import { useChange } from '../../api/queries.ts';
import { faultOf, toastFault } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings.ts';
import { toast } from '../../ui/toast.tsx';

type Body = NonNullable<RequestOf<'workspaces', 'update'>['body']>;

export interface SettingsChange {
  /** Save something of the workspace, and offer to have it as it was before. */
  readonly save: (body: Body, before: Body) => void;
  readonly busy: boolean;
  readonly problem: AppProblem | undefined;
}

/** Change the workspace: its name or its settings. */
export function useSettingsChange(): SettingsChange {
  const params = { workspace: useWorkspace() };
  const change = useChange('workspaces', 'update', ['toolWeights', 'session', 'retention']);
  return {
    // The form may be drawn anew before the answer is here, and with it whatever would hear of it.
    save: (body, before) =>
      void change.mutateAsync({ params, body }).then(
        () =>
          toast({ title: t('saved'), undo: () => change.mutate({ params, body: before }, { onError: toastFault }) }),
        () => undefined,
      ),
    busy: change.isPending,
    problem: faultOf(change.error),
  };
}
