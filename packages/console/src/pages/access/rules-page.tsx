import type { Rule } from '@mcpnest/contract/schemas/rules';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { LinkButton } from '../../components/link.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { usePaletteActions } from '../../shell/actions.ts';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-rules.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AccessFrame } from './access-frame.tsx';
import { AddRuleDialog } from './add-rule.tsx';
import { hasEnded, ruleColumns } from './rule-columns.tsx';
import { RulePanel } from './rule-panel.tsx';

/** Every rule of the workspace. */
export function RulesPage() {
  const workspace = useWorkspace();
  const [adding, setAdding] = useState(false);
  const mayAdd = useMay('rules.create');
  usePaletteActions(
    useMemo(() => (mayAdd ? [{ id: 'access.rule', label: t('addTitle'), run: () => setAdding(true) }] : []), [mayAdd]),
  );
  return (
    <AccessFrame
      about={t('about')}
      same={['rules list', 'GET /rules']}
      needs={['rules.list', t('whatRules')]}
      actions={
        <>
          <LinkButton to={paths.accessPart(workspace, 'rules/document')}>{t('asDocument')}</LinkButton>
          <Button look="primary" onClick={() => setAdding(true)}>
            {t('add')}
          </Button>
        </>
      }
    >
      <Rules />
      <AddRuleDialog open={adding} onClose={() => setAdding(false)} />
    </AccessFrame>
  );
}

const textOf = ({ effect, subject, object, note }: Rule): string =>
  `${effect} ${subject} ${object} ${note}`.toLowerCase();

function Rules() {
  const workspace = useWorkspace();
  const [{ text, show, rule: opened }, setFilters] = useFilters(['text', 'show', 'rule']);
  const query = useQuery(apiQuery('rules', 'list', { params: { workspace } }));
  const wanted = text?.toLowerCase() ?? '';
  return (
    <Asked query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            title={t('empty')}
            example={
              <CodeBlock
                label="command"
                code={`mcpnest rules allow github:@read --for team:juniors --workspace ${workspace}`}
              />
            }
          >
            {t('emptyAbout')}
          </EmptyState>
        ) : (
          <div className="flex flex-col gap-3">
            <FilterBar label={t('search')} text={text} onText={(next) => setFilters({ text: next })}>
              <Checkbox
                label={t('showEnded')}
                checked={show === 'all'}
                onChange={(all) => setFilters({ show: all ? 'all' : undefined })}
              />
            </FilterBar>
            <VirtualTable
              label={words('rules')}
              rows={items.filter((rule) => (show === 'all' || !hasEnded(rule)) && textOf(rule).includes(wanted))}
              columns={ruleColumns}
              rowKey={({ id }) => id}
              onOpen={({ id }) => setFilters({ rule: id })}
            />
            <RulePanel rule={items.find(({ id }) => id === opened)} onClose={() => setFilters({ rule: undefined })} />
          </div>
        )
      }
    </Asked>
  );
}
