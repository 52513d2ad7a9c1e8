import type { Matrix, MatrixCell } from '@mcpnest/contract/schemas/tools';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { SidePanel } from '../../ui/dialog.tsx';
import type { MatrixOf } from './matrix-blocks.ts';
import { ofItsOwn } from './reading.ts';
import { VerdictTable } from './verdict-table.tsx';

/** A cell of the matrix, with whose and of what it is. */
export interface Chosen {
  readonly row: Matrix['rows'][number];
  readonly column: Matrix['columns'][number];
  readonly cell: MatrixCell;
}

export interface ExplainPanelProps {
  readonly of: MatrixOf;
  readonly chosen: Chosen | null;
  readonly onClose: () => void;
}

/** Why a cell of the matrix says what it says, and who can change it. */
export function ExplainPanel({ of, chosen, onClose }: ExplainPanelProps) {
  const what = chosen === null ? '' : (chosen.column.tool ?? chosen.column.server);
  return (
    <SidePanel
      open={chosen !== null}
      onClose={onClose}
      title={chosen === null ? '' : t('explainOf', { who: chosen.row.subject, what })}
      wide
    >
      {chosen !== null && (of === 'teams' ? <TeamCell cell={chosen.cell} /> : <Explained of={of} chosen={chosen} />)}
    </SidePanel>
  );
}

function Explained({ of, chosen: { row, column } }: { readonly of: MatrixOf; readonly chosen: Chosen }) {
  const workspace = useWorkspace();
  const subject = of === 'machines' ? { machine: row.id } : { member: row.id };
  const query = useQuery({
    ...apiQuery('access', 'explain', {
      params: { workspace },
      query: { ...subject, server: column.server, ...(column.tool === null ? {} : { tool: column.tool }) },
    }),
    ...ofItsOwn,
  });
  return <Asked query={query}>{(report) => <VerdictTable report={report} />}</Asked>;
}

function TeamCell({ cell }: { readonly cell: MatrixCell }) {
  return (
    <div className="flex flex-col gap-2">
      <p className="text-quiet">{t('teamOnly')}</p>
      <ul className="font-mono text-sm">
        {cell.rules.map(({ rule, tools }) => (
          <li key={rule}>{t('decidedFor', { rule, count: tools })}</li>
        ))}
      </ul>
    </div>
  );
}
