import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { apiQuery } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-tools.ts';
import { KeyValueList } from '../../../ui/card.tsx';
import { CodeEditor } from '../../../ui/code/code-editor.tsx';
import { CopyButton } from '../../../ui/copy.tsx';
import { SidePanel } from '../../../ui/dialog.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { TryTool } from '../try/try-tool.tsx';
import { ToolApproval } from './tool-approval.tsx';
import { ToolClass } from './tool-class.tsx';
import type { ToolRow } from './use-tools.ts';

interface ToolPanelProps {
  readonly server: Server;
  /** Undefined: closed. */
  readonly row: ToolRow | undefined;
  readonly onClose: () => void;
}

/** One tool: what it says, what counts, and a place to try it. */
export const ToolPanel = ({ server, row, onClose }: ToolPanelProps) => (
  <SidePanel
    wide
    open={row !== undefined}
    onClose={onClose}
    title={row === undefined ? '' : <UntrustedText mono limit={100} text={row.tool} />}
  >
    {row !== undefined && <Contents key={row.tool} server={server} row={row} />}
  </SidePanel>
);

function Contents({ server, row: { tool, shown, known, tokens } }: { readonly server: Server; readonly row: ToolRow }) {
  const mayClassify = useMay('serverTools.classify');
  return (
    <div className="flex flex-col gap-6">
      <p>
        {shown?.description == null ? (
          <span className="text-quiet">{t('noAbout')}</span>
        ) : (
          <UntrustedText limit={600} text={shown.description} />
        )}
      </p>
      {known?.warnings.map(({ code, message }) => (
        <Notice key={code} tone="warn" title={<UntrustedText text={message} />} />
      ))}
      <KeyValueList
        items={{
          ...(shown === undefined ? {} : { [t('exposedAs')]: <Copied text={shown.name} /> }),
          [t('yours')]: shown?.listed === true ? t('yoursListed') : (shown?.reason ?? t('notListed')),
          ...(tokens === undefined ? {} : { [t('weight')]: t('tokens', { count: tokens }) }),
          ...(known?.hash == null ? {} : { [t('hash')]: <Copied text={known.hash} /> }),
        }}
      />
      {mayClassify && known !== undefined && <ToolClass server={server.slug} tool={known} />}
      {mayClassify && <ToolApproval server={server.slug} tool={tool} required={shown?.approval === true} />}
      {shown !== undefined && (
        <Part title={t('try')}>
          <TryTool tool={shown} />
        </Part>
      )}
      {mayClassify && known?.listed === true && <Definition server={server.slug} tool={tool} />}
    </div>
  );
}

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <section className="flex flex-col gap-2 border-t border-line pt-5">
    <h3 className="text-base font-semibold">{title}</h3>
    {children}
  </section>
);

const Copied = ({ text }: { readonly text: string }) => (
  <span className="flex items-center gap-1">
    <span className="min-w-0 font-mono text-sm break-all">{text}</span>
    <CopyButton text={text} />
  </span>
);

/** The definition as the server gives it. */
function Definition({ server, tool }: { readonly server: string; readonly tool: string }) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('reviews', 'show', { params: { workspace, server }, query: { tool } }));
  return (
    <Part title={t('schema')}>
      <Asked query={query}>
        {({ items: [item] }) =>
          item?.definition == null ? null : (
            <CodeEditor label={t('schema')} language="json" value={indented(item.definition)} />
          )
        }
      </Asked>
    </Part>
  );
}

/** JSON text over several lines; any other text as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
