import type { Matrix } from '@mcpnest/contract/schemas/tools';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { useFilters } from '../../../components/navigate.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-parts.ts';
import { Card } from '../../../ui/card.tsx';
import { ChoiceFilter } from '../../../ui/choice-filter.tsx';
import { StatusWord } from '../../../ui/status.tsx';
import type { Column } from '../../../ui/table-model.ts';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../../ui/virtual-table.tsx';
import { WhyPanel } from './why-panel.tsx';

const kinds = ['members', 'teams', 'machines'] as const;

/** One line of the matrix, its tools counted together. */
interface Who {
  readonly id: string;
  readonly subject: string;
  readonly allowed: number;
  readonly approval: number;
  readonly denied: number;
  readonly hidden: number;
  /** What decided most tools, as call records name it. */
  readonly rule: string | undefined;
}

function whoOf({ id, subject, cells }: Matrix['rows'][number]): Who {
  const sum = (key: 'allowed' | 'approval' | 'denied' | 'hidden'): number =>
    cells.reduce((total, cell) => total + cell[key], 0);
  const decided = new Map<string, number>();
  for (const { rule, tools } of cells.flatMap(({ rules }) => rules))
    decided.set(rule, (decided.get(rule) ?? 0) + tools);
  const [first] = [...decided].toSorted(([, a], [, b]) => b - a);
  return {
    ...{ id, subject, rule: first?.[0] },
    ...{ allowed: sum('allowed'), approval: sum('approval'), denied: sum('denied'), hidden: sum('hidden') },
  };
}

const columns = (columnsOf: Matrix['columns']): readonly Column<Who>[] => {
  const whole = columnsOf.every(({ tool }) => tool === null);
  const number = (value: number) => (value === 0 ? <span className="text-quiet">–</span> : value);
  return [
    {
      id: 'subject',
      header: t('subject'),
      width: 'minmax(12rem, 2fr)',
      sortBy: ({ subject }) => subject,
      cell: ({ subject }) => <UntrustedText limit={120} text={subject} />,
    },
    {
      id: 'allowed',
      header: t('mayCall'),
      width: '9rem',
      sortBy: ({ allowed }) => allowed,
      cell: ({ allowed, denied, hidden }) => {
        const all = allowed + denied + hidden;
        return (
          <StatusWord tone={allowed === 0 ? 'off' : allowed === all ? 'ok' : 'info'}>
            {whole ? (allowed === 0 ? '–' : t('serverWhole')) : t('ofTools', { allowed, all })}
          </StatusWord>
        );
      },
    },
    {
      id: 'approval',
      header: t('withApproval'),
      width: '7.5rem',
      align: 'end',
      cell: ({ approval }) => number(approval),
    },
    { id: 'denied', header: t('denied'), width: '5rem', align: 'end', cell: ({ denied }) => number(denied) },
    { id: 'hidden', header: t('hidden'), width: '5rem', align: 'end', cell: ({ hidden }) => number(hidden) },
    {
      id: 'rule',
      header: t('decidedBy'),
      width: 'minmax(9rem, 1fr)',
      cell: ({ rule }) => <span className="font-mono text-sm text-quiet">{rule ?? '–'}</span>,
    },
  ];
};

/** Who may call how much of the server; a line opens the reasons. */
export function WhoCard({ server }: { readonly server: string }) {
  const workspace = useWorkspace();
  const [filters, setFilters] = useFilters(['of', 'who']);
  const of = kinds.find((kind) => kind === filters.of) ?? 'members';
  const query = useQuery(
    apiQuery('access', 'matrix', { params: { workspace }, query: { server, of, limit: 100, columns: 200 } }),
  );
  return (
    <Card
      title={t('who')}
      about={t('whoAbout')}
      actions={
        <ChoiceFilter
          label={t('of')}
          value={of === 'members' ? undefined : of}
          any={t('members')}
          choices={[
            { value: 'teams', label: t('teams') },
            { value: 'machines', label: t('machines') },
          ]}
          onChange={(next) => setFilters({ of: next, who: undefined })}
        />
      }
    >
      <Asked query={query}>
        {(matrix) =>
          matrix.rows.length === 0 ? (
            <p className="text-quiet">{t('nobody')}</p>
          ) : (
            <VirtualTable
              label={t('who')}
              rows={matrix.rows.map((row) => whoOf(row))}
              columns={columns(matrix.columns)}
              rowKey={({ id }) => id}
              visibleRows={8}
              {...(of === 'teams' ? {} : { onOpen: ({ id }: Who) => setFilters({ who: id }) })}
            />
          )
        }
      </Asked>
      {of !== 'teams' && (
        <WhyPanel
          key={filters.who ?? ''}
          server={server}
          of={of}
          who={filters.who}
          onClose={() => setFilters({ who: undefined })}
        />
      )}
    </Card>
  );
}
