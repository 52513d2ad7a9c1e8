import type { ReviewItem } from '@mcpnest/contract/schemas/pins';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { faultOf } from '../../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-tools.ts';
import { Button } from '../../../ui/button.tsx';
import { CodeEditor, DiffView } from '../../../ui/code/code-editor.tsx';
import { ConfirmDialog } from '../../../ui/confirm-dialog.tsx';
import { SidePanel } from '../../../ui/dialog.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { toast } from '../../../ui/toast.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { indented } from '../tools/tool-panel.tsx';

interface ReviewPanelProps {
  readonly server: string;
  /** Undefined: closed. */
  readonly item: ReviewItem | undefined;
  /** Another tool that waits, to go on with. */
  readonly next: string | undefined;
  readonly onTool: (tool: string | undefined) => void;
}

/** One definition: what is new in it, in words and as text; and the decision. */
export const ReviewPanel = ({ item, onTool, ...rest }: ReviewPanelProps) => (
  <SidePanel
    wide
    open={item !== undefined}
    onClose={() => onTool(undefined)}
    title={item === undefined ? '' : <UntrustedText mono limit={100} text={item.tool} />}
  >
    {item !== undefined && <Contents key={item.tool} {...rest} item={item} onTool={onTool} />}
  </SidePanel>
);

function Contents({ server, item, next, onTool }: ReviewPanelProps & { readonly item: ReviewItem }) {
  const workspace = useWorkspace();
  const params = { workspace, server };
  const mayDecide = useMay('reviews.approve');
  const [refusing, setRefusing] = useState(false);
  const query = useQuery(apiQuery('reviews', 'show', { params, query: { tool: item.tool } }));
  const approve = useChange('reviews', 'approve', ['servers', 'tools']);
  const refuse = useChange('reviews', 'refuse', ['servers', 'tools']);
  const { tool, changes, warnings, decidedBy, decidedAt, state } = item;
  const full = query.data?.items[0];
  // What is decided is what is on show, and not what the list has learned since.
  const hash = full?.hash ?? null;
  const body = { tools: [{ tool, hash: hash ?? '' }] };
  const problem = faultOf(approve.error);
  return (
    <div className="flex flex-col gap-5">
      {changes.length > 0 && (
        <section className="flex flex-col gap-1">
          <h3 className="font-semibold">{t('changes')}</h3>
          <ul className="list-disc pl-5">
            {changes.map((change) => (
              <li key={change}>
                <UntrustedText text={change} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {warnings.map(({ code, message }) => (
        <Notice key={`${code} ${message}`} tone="warn" title={<UntrustedText text={message} />} />
      ))}
      {decidedBy !== null && decidedAt !== null && (
        <p className="text-sm text-quiet">
          {t('decided', { who: decidedBy })} <RelativeTime at={decidedAt} />
        </p>
      )}
      <Asked query={query}>{({ items: [shown] }) => shown !== undefined && <Texts item={shown} />}</Asked>
      {problem !== undefined && (
        <Notice tone="bad" title={problem.title}>
          {problem.detail}
        </Notice>
      )}
      {mayDecide && state !== 'gone' && (
        <div className="sticky bottom-0 -mx-5 -mb-5 flex flex-row-reverse gap-2 border-t border-line bg-panel px-5 py-3">
          {state !== 'approved' && (
            <Button
              look="primary"
              busy={approve.isPending}
              disabled={hash === null}
              onClick={() =>
                approve.mutate(
                  { params, body },
                  {
                    onSuccess: () => {
                      toast({ title: t('approved', { count: 1 }) });
                      onTool(next);
                    },
                  },
                )
              }
            >
              {t('approve')}
            </Button>
          )}
          {state !== 'refused' && (
            <Button look="danger" disabled={hash === null} onClick={() => setRefusing(true)}>
              {t('refuse')}
            </Button>
          )}
        </div>
      )}
      <ConfirmDialog
        open={refusing}
        onClose={() => setRefusing(false)}
        title={t('refuseTitle', { tool })}
        consequences={[t('refuseStays'), state === 'approved' ? t('refuseWithdraws') : t('refuseBefore')]}
        action={t('refuse')}
        busy={refuse.isPending}
        problem={faultOf(refuse.error)}
        onConfirm={() =>
          refuse.mutate(
            { params, body },
            {
              onSuccess: () => {
                setRefusing(false);
                toast({ title: t('refused', { tool }) });
                onTool(next);
              },
            },
          )
        }
      />
    </div>
  );
}

function Texts({ item: { definition, approvedDefinition } }: { readonly item: ReviewItem }) {
  if (definition !== null && approvedDefinition !== null && definition !== approvedDefinition)
    return (
      <DiffView
        label={t('definitionNow')}
        language="json"
        before={indented(approvedDefinition)}
        after={indented(definition)}
      />
    );
  const text = definition ?? approvedDefinition;
  return (
    text !== null && (
      <CodeEditor
        label={definition === null ? t('before') : t('definitionNow')}
        language="json"
        value={indented(text)}
      />
    )
  );
}
