import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { Card } from '../../ui/card.tsx';
import { Checkbox, RadioCards } from '../../ui/choice-controls.tsx';
import { Combobox } from '../../ui/combobox.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { AccessFrame } from './access-frame.tsx';
import { AsOfAnswer, ChangesAnswer } from './history-answers.tsx';
import { localTime, momentOf } from './moment.ts';
import { useSubjects } from './pickers.tsx';

const keys = ['mode', 'at', 'from', 'to', 'who', 'server', 'show', 'asked'] as const;

/** Who could call what at a moment, and what changed between two. */
export const HistoryPage = () => (
  <AccessFrame
    about={t('historyAbout')}
    same={['audit access --as-of 2026-01-01T00:00:00Z', 'GET /access/as-of?at=2026-01-01T00:00:00Z']}
    needs={['access.asOf', t('whatHistory')]}
  >
    <History />
  </AccessFrame>
);

function History() {
  const workspace = useWorkspace();
  const [filters, setFilters] = useFilters(keys);
  const [mode, setMode] = useState<'asOf' | 'changes'>(filters.mode === 'changes' ? 'changes' : 'asOf');
  const [draft, setDraft] = useState(filters);
  const subjects = useSubjects(['member', 'team', 'machine']);
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const set = (change: typeof filters): void => setDraft({ ...draft, ...change });
  const moment = (key: 'at' | 'from' | 'to', help: string) => (
    <TextField
      label={t(key)}
      optional
      type="datetime-local"
      step={1}
      help={help}
      value={localTime(draft[key])}
      onChange={(text) => set({ [key]: momentOf(text) ?? '' })}
    />
  );
  return (
    <>
      <Card>
        <Form
          submit={t('look')}
          busy={false}
          onSubmit={() => setFilters({ ...draft, mode, asked: String(Date.now()) })}
        >
          <RadioCards
            label={t('mode')}
            value={mode}
            columns={2}
            choices={[
              { value: 'asOf', label: t('asOf') },
              { value: 'changes', label: t('changes') },
            ]}
            onChange={setMode}
          />
          <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-4">
            {mode === 'asOf' ? (
              moment('at', t('now'))
            ) : (
              <>
                {moment('from', t('oldest'))}
                {moment('to', t('now'))}
              </>
            )}
            <Combobox
              label={t('who')}
              value={draft.who ?? ''}
              choices={[{ value: '', label: t('anybody') }, ...subjects]}
              onChange={(next) => set({ who: next ?? '' })}
            />
            <Select
              label={t('server')}
              value={draft.server ?? ''}
              choices={[
                { value: '', label: t('anyServer') },
                ...(servers.data?.items ?? []).map(({ slug, name }) => ({ value: slug, label: name })),
              ]}
              onChange={(next) => set({ server: next })}
            />
          </div>
          {mode === 'asOf' && (
            <Checkbox
              label={t('showDenied')}
              checked={draft.show === 'all'}
              onChange={(all) => set({ show: all ? 'all' : '' })}
            />
          )}
        </Form>
      </Card>
      {filters.asked !== undefined &&
        (filters.mode === 'changes' ? <ChangesAnswer asked={filters} /> : <AsOfAnswer asked={filters} />)}
    </>
  );
}
