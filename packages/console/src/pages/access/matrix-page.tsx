import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { Select } from '../../ui/select.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { AccessFrame } from './access-frame.tsx';
import { ExplainPanel } from './explain-panel.tsx';
import type { Chosen } from './explain-panel.tsx';
import { MatrixGrid } from './matrix-grid.tsx';
import { firstBlock, isOf } from './matrix-blocks.ts';
import type { MatrixAsked } from './matrix-blocks.ts';

/** Who may call how much of what. */
export const MatrixPage = () => (
  <AccessFrame
    about={t('matrixAbout')}
    same={['access matrix', 'GET /access/matrix']}
    needs={['access.matrix', t('whatMatrix')]}
  >
    <Matrix />
  </AccessFrame>
);

function Matrix() {
  const workspace = useWorkspace();
  const [{ of = 'members', text, server = '' }, setFilters] = useFilters(['of', 'text', 'server']);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const asked: MatrixAsked = {
    of: isOf(of) ? of : 'members',
    ...(text === undefined ? {} : { words: text }),
    ...(server === '' ? {} : { server }),
  };
  const first = useQuery(firstBlock(workspace, asked));
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-end gap-3">
        <div className="w-40">
          <Select
            label={t('of')}
            value={asked.of}
            onChange={(next) => setFilters({ of: next })}
            choices={[
              { value: 'members', label: t('ofMembers') },
              { value: 'teams', label: t('ofTeams') },
              { value: 'machines', label: t('ofMachines') },
            ]}
          />
        </div>
        <div className="w-56">
          <Select
            label={t('columnsOf')}
            value={server}
            onChange={(next) => setFilters({ server: next })}
            choices={[
              { value: '', label: t('allServers') },
              ...(servers.data?.items ?? []).map(({ slug, name }) => ({
                value: slug,
                label: t('toolsOf', { server: name }),
              })),
            ]}
          />
        </div>
        <FilterBar label={t('searchRows')} text={text} onText={(next) => setFilters({ text: next })} />
      </div>
      <Asked query={first}>
        {({ totals }) =>
          totals.rows === 0 || totals.columns === 0 ? (
            <EmptyState title={t('noRows')}>{t('noRowsAbout')}</EmptyState>
          ) : (
            <>
              <MatrixGrid
                key={JSON.stringify(asked)}
                asked={asked}
                totals={totals}
                onChoose={setChosen}
                onServer={(next) => setFilters({ server: next })}
              />
              <p className="text-sm text-quiet">{t('size', { rows: totals.rows, columns: totals.columns })}</p>
            </>
          )
        }
      </Asked>
      <ExplainPanel of={asked.of} chosen={chosen} onClose={() => setChosen(null)} />
    </div>
  );
}
