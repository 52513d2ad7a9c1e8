import type { Server } from '@mcpnest/contract/schemas/servers';
import { Asked } from '../../../components/asked.tsx';
import { FilterBar } from '../../../components/filter-bar.tsx';
import { useFilters } from '../../../components/navigate.ts';
import { formatNumber } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/server-tools.ts';
import { EmptyState } from '../../../ui/states.tsx';
import { Badge, StatusWord } from '../../../ui/status.tsx';
import type { StatusTone } from '../../../ui/status.tsx';
import type { Column } from '../../../ui/table-model.ts';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../../ui/virtual-table.tsx';
import { faultWords } from '../fault-words.ts';
import { ServerFrame } from '../server-frame.tsx';
import { ToolPanel } from './tool-panel.tsx';
import { useTools } from './use-tools.ts';
import type { ToolRow } from './use-tools.ts';

/** The tools of a server, what they do, and a place to try them. */
export const ToolsPage = () => (
  <ServerFrame
    part="tools"
    command={(server) => `mcpnest server tools ${server}`}
    request={(server) => `GET /tools?server=${server}`}
  >
    {(server) => <Tools server={server} />}
  </ServerFrame>
);

type ToolClass = NonNullable<ToolRow['shown']>['class'];
const classTones: Readonly<Record<ToolClass, StatusTone>> = { read: 'ok', write: 'info', destructive: 'bad' };

const classOf = ({ known, shown }: ToolRow): ToolClass | undefined => known?.class ?? shown?.class;

const columns: readonly Column<ToolRow>[] = [
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(12rem, 2fr)',
    sortBy: ({ tool }) => tool,
    cell: ({ tool }) => <UntrustedText mono limit={80} text={tool} />,
  },
  {
    id: 'about',
    header: t('about'),
    width: 'minmax(12rem, 3fr)',
    cell: ({ shown }) => (
      <span className="text-quiet">
        <UntrustedText limit={120} text={shown?.title ?? shown?.description?.split('\n', 1)[0]?.slice(0, 118) ?? '–'} />
      </span>
    ),
  },
  {
    id: 'class',
    header: t('class'),
    width: '8rem',
    sortBy: (row) => classOf(row) ?? '',
    cell: (row) => {
      const own = classOf(row);
      return own === undefined ? '–' : <Badge tone={classTones[own]}>{t(`class_${own}`)}</Badge>;
    },
  },
  {
    id: 'approval',
    header: t('approval'),
    width: '7rem',
    sortBy: ({ shown }) => (shown?.approval === true ? 0 : 1),
    cell: ({ shown }) => (shown?.approval === true ? t('approvalEach') : <span className="text-quiet">–</span>),
  },
  {
    id: 'weight',
    header: t('weight'),
    width: '6rem',
    align: 'end',
    sortBy: ({ tokens }) => tokens ?? -1,
    cell: ({ tokens }) => (tokens === undefined ? '–' : `≈ ${formatNumber(tokens)}`),
  },
  { id: 'state', header: t('state'), width: '10rem', cell: (row) => <ToolState row={row} /> },
];

function ToolState({ row: { known, shown } }: { readonly row: ToolRow }) {
  if (known?.listed === false) return <StatusWord tone="off">{t('gone')}</StatusWord>;
  if (known !== undefined && known.warnings.length > 0)
    return <StatusWord tone="warn">{t('odd', { count: known.warnings.length })}</StatusWord>;
  return shown?.listed === true ? (
    <StatusWord tone="ok">{t('listed')}</StatusWord>
  ) : (
    <StatusWord tone="off">{t('notListed')}</StatusWord>
  );
}

function Tools({ server }: { readonly server: Server }) {
  const [{ text, tool }, setFilters] = useFilters(['text', 'tool']);
  const query = useTools(server.slug, text);
  const { lastErrorClass, state } = server.health;
  return (
    <Asked query={query}>
      {(rows) => (
        <div className="flex flex-col gap-3">
          <FilterBar label={t('search')} text={text} onText={(next) => setFilters({ text: next })} />
          {rows.length === 0 ? (
            <EmptyState title={text === undefined ? t('none') : t('noneFits')}>
              {state !== 'healthy' && lastErrorClass !== null ? (
                <p>
                  {faultWords(lastErrorClass).says} {faultWords(lastErrorClass).remedy}
                </p>
              ) : (
                t('noneAbout')
              )}
            </EmptyState>
          ) : (
            <VirtualTable
              label={t('tools')}
              rows={rows}
              columns={columns}
              rowKey={(row) => row.tool}
              onOpen={(row) => setFilters({ tool: row.tool })}
            />
          )}
          <ToolPanel
            server={server}
            row={rows.find((row) => row.tool === tool)}
            onClose={() => setFilters({ tool: undefined })}
          />
        </div>
      )}
    </Asked>
  );
}
