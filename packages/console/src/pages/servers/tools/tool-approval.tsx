import { useQuery } from '@tanstack/react-query';
import { problemOf } from '../../../api/problem.ts';
import { apiQuery, useChange } from '../../../api/queries.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-tools.ts';
import { Switch } from '../../../ui/choice-controls.tsx';
import { toast } from '../../../ui/toast.tsx';

interface ToolApprovalProps {
  readonly server: string;
  readonly tool: string;
  /** Whether a setting, of this tool or of several, asks for it now. */
  readonly required: boolean;
}

/** Whether every call of a tool waits for somebody's approval. */
export function ToolApproval({ server, tool, required }: ToolApprovalProps) {
  const workspace = useWorkspace();
  const params = { workspace, server };
  const query = useQuery(apiQuery('approvalSettings', 'list', { params }));
  const update = useChange('approvalSettings', 'update', ['tools', 'access']);
  const own = query.data?.items.find(({ target }) => target === tool);
  const put = (approval: 'required' | 'none', then?: () => void): void =>
    update.mutate(
      {
        params,
        body: {
          settings: [
            {
              ...{ target: tool, approval },
              ...(own === undefined ? {} : { approvers: own.approvers, expiresInMinutes: own.expiresInMinutes }),
            },
          ],
        },
      },
      {
        ...(then === undefined ? {} : { onSuccess: then }),
        onError: (error) => toast({ title: problemOf(error).title, detail: problemOf(error).detail, tone: 'bad' }),
      },
    );
  const byPattern = own === undefined && required;
  return (
    <Switch
      label={t('needsApproval')}
      help={byPattern ? t('approvalByPattern') : t('needsApprovalHelp')}
      checked={required || own !== undefined}
      disabled={query.data === undefined || byPattern}
      onChange={(checked) =>
        put(checked ? 'required' : 'none', () =>
          toast({
            title: checked ? t('approvalOn', { tool }) : t('approvalOff', { tool }),
            undo: () => put(checked ? 'none' : 'required'),
          }),
        )
      }
    />
  );
}
