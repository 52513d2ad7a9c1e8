import type { ShownTool } from '@mcpnest/contract/schemas/tools';
import { useQuery } from '@tanstack/react-query';
import { Asked } from '../../../components/asked.tsx';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-tools.ts';
import { Notice } from '../../../ui/notice.tsx';
import { readSchema } from './run-tool.ts';
import { TryForm } from './try-form.tsx';

/** Call a tool from here, as the person. */
export function TryTool({ tool }: { readonly tool: ShownTool }) {
  const workspace = useWorkspace();
  const query = useQuery({
    queryKey: ['mcp', 'schema', workspace, tool.server, tool.tool],
    queryFn: async () => ({ schema: await readSchema(workspace, tool.server, tool.tool) }),
    enabled: tool.listed,
    staleTime: 30_000,
  });
  if (!tool.listed)
    return (
      <Notice tone="info" title={t('notForYou')}>
        {tool.reason}
      </Notice>
    );
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm text-quiet">{t('tryAbout')}</p>
      {tool.class === 'destructive' && <Notice tone="warn" title={t('tryDestructive')} />}
      <Asked query={query}>
        {({ schema }) =>
          schema === undefined ? (
            <Notice tone="warn" title={t('schemaGone')} />
          ) : (
            <TryForm tool={tool} schema={schema} />
          )
        }
      </Asked>
    </div>
  );
}
