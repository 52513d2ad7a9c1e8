import type { ServerTool } from '@mcpnest/contract/schemas/access';
import { problemOf } from '../../../api/problem.ts';
import { useChange } from '../../../api/queries.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-tools.ts';
import { Button } from '../../../ui/button.tsx';
import { RadioCards } from '../../../ui/choice-controls.tsx';
import { toast } from '../../../ui/toast.tsx';

type Class = ServerTool['class'];
const classes = ['read', 'write', 'destructive'] as const;

/** What a tool does, as an administrator says; in force at once, with the way back. */
export function ToolClass({ server, tool }: { readonly server: string; readonly tool: ServerTool }) {
  const workspace = useWorkspace();
  const classify = useChange('serverTools', 'classify', ['tools', 'access']);
  const before = tool.set ? tool.class : null;
  const put = (next: Class | null, then?: () => void): void =>
    classify.mutate(
      { params: { workspace, server }, body: { classes: [{ tool: tool.tool, class: next }] } },
      {
        ...(then === undefined ? {} : { onSuccess: then }),
        onError: (error) => toast({ title: problemOf(error).title, detail: problemOf(error).detail, tone: 'bad' }),
      },
    );
  return (
    <div className="flex flex-col gap-2">
      <RadioCards
        label={t('class')}
        columns={3}
        value={tool.class}
        choices={classes.map((value) => ({
          value,
          label: t(`class_${value}`),
          help: t(`class_${value}_help`),
        }))}
        onChange={(next) =>
          put(next, () =>
            toast({
              title: t('classIs', { tool: tool.tool, class: t(`class_${next}`).toLowerCase() }),
              undo: () => put(before),
            }),
          )
        }
      />
      <p className="flex flex-wrap items-center gap-2 text-sm text-quiet">
        {!tool.set && t('notSet')}
        {tool.claimed !== null && `The server ${t('claimed', { class: t(`class_${tool.claimed}`).toLowerCase() })}.`}
        {tool.set && (
          <Button small look="quiet" onClick={() => put(null)}>
            {t('setBack')}
          </Button>
        )}
      </p>
    </div>
  );
}
