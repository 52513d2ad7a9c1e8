import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { usePaletteActions } from '../../shell/actions.ts';
import { t } from '../../strings/access-tokens.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { AccessFrame } from './access-frame.tsx';
import { IssueTokenDialog } from './issue-token.tsx';
import { TokenRows } from './token-table.tsx';
import { isLiving } from './token-state.ts';

/** Every gateway token of the workspace; a member sees their own. */
export function TokensPage() {
  const workspace = useWorkspace();
  const [issuing, setIssuing] = useState(false);
  const [{ text, show }, setFilters] = useFilters(['text', 'show']);
  const query = useQuery(apiQuery('tokens', 'list', { params: { workspace } }));
  usePaletteActions(useMemo(() => [{ id: 'access.issue', label: t('issueTitle'), run: () => setIssuing(true) }], []));
  const wanted = text?.toLowerCase() ?? '';
  return (
    <AccessFrame
      about={t('about')}
      same={['token list', 'GET /tokens']}
      actions={
        <Button look="primary" onClick={() => setIssuing(true)}>
          {t('issue')}
        </Button>
      }
    >
      <Asked query={query}>
        {({ items }) => {
          const kept = items.filter(({ purpose }) => purpose === null);
          return kept.length === 0 ? (
            <EmptyState
              title={t('noTokens')}
              example={
                <CodeBlock label="command" code={`mcpnest token issue --label laptop --workspace ${workspace}`} />
              }
            >
              {t('noTokensAbout')}
            </EmptyState>
          ) : (
            <div className="flex flex-col gap-3">
              <FilterBar label={t('search')} text={text} onText={(next) => setFilters({ text: next })}>
                <Checkbox
                  label={`${t('show')} ${t('showAll')}`}
                  checked={show === 'all'}
                  onChange={(all) => setFilters({ show: all ? 'all' : undefined })}
                />
              </FilterBar>
              <TokenRows
                withHolder
                rows={kept.filter(
                  (token) =>
                    (show === 'all' || isLiving(token)) &&
                    `${token.label} ${token.hint}`.toLowerCase().includes(wanted),
                )}
              />
            </div>
          );
        }}
      </Asked>
      <IssueTokenDialog open={issuing} onClose={() => setIssuing(false)} holder={{}} />
    </AccessFrame>
  );
}
