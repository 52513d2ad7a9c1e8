import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-rules.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Select } from '../../ui/select.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import type { PolicyDocument } from '@mcpnest/contract/schemas/rules';
import { AccessFrame } from './access-frame.tsx';
import { ruleColumns } from './rule-columns.tsx';

/** Rights that nobody has used, and the way to end them all. */
export const UnusedPage = () => (
  <AccessFrame
    about={t('unusedAbout')}
    same={['rules unused --days 90', 'GET /policy/unused?days=90']}
    needs={['policy.unused', t('whatUnused')]}
  >
    <Unused />
  </AccessFrame>
);

function Unused() {
  const workspace = useWorkspace();
  const [{ days = '90' }, setFilters] = useFilters(['days']);
  const query = useQuery(apiQuery('policy', 'unused', { params: { workspace }, query: { days: Number(days) } }));
  return (
    <>
      <div className="max-w-xs">
        <Select
          label={t('older')}
          value={days}
          onChange={(next) => setFilters({ days: next })}
          choices={['30', '60', '90', '365'].map((value) => ({
            value,
            label: t('lastDays', { count: Number(value) }),
          }))}
        />
      </div>
      <Asked query={query}>
        {({ items, calls, complete, proposal }) => (
          <div className="flex flex-col gap-4">
            {!complete && <Notice tone="info" title={t('incomplete')} />}
            {items.length === 0 ? (
              <EmptyState
                title={t('unusedNone')}
                example={
                  <CodeBlock label="command" code={`mcpnest rules unused --proposal --workspace ${workspace}`} />
                }
              >
                {t('unusedNoneAbout', { calls })}
              </EmptyState>
            ) : (
              <>
                <VirtualTable label={words('unused')} rows={items} columns={ruleColumns} rowKey={({ id }) => id} />
                {proposal !== null && <EndAll count={items.length} proposal={proposal} />}
              </>
            )}
          </div>
        )}
      </Asked>
    </>
  );
}

function EndAll({ count, proposal }: { readonly count: number; readonly proposal: PolicyDocument }) {
  const workspace = useWorkspace();
  const [asking, setAsking] = useState(false);
  const present = useQuery({ ...apiQuery('policy', 'export', { params: { workspace } }), enabled: asking });
  const replace = useChange('policy', 'import', ['rules', 'allowlists', 'access']);
  const put = (document: PolicyDocument, onSuccess: () => void): void =>
    after(replace.mutateAsync({ params: { workspace }, body: { document, dryRun: false } }), onSuccess);
  return (
    <div>
      <Button look="primary" onClick={() => setAsking(true)}>
        {t('endAll', { count })}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('endAllAsk', { count })}
        consequences={[t('endAllEffect'), t('endAllBack')]}
        action={t('endAll', { count })}
        busy={replace.isPending || present.data === undefined}
        problem={faultOf(replace.error)}
        onConfirm={() => {
          const before = present.data;
          if (before === undefined) return;
          put(proposal, () => {
            setAsking(false);
            toast({
              title: t('endedAll', { count }),
              undo: () => put(before, () => toast({ title: t('putBack') })),
            });
          });
        }}
      />
    </div>
  );
}
