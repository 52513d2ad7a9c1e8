import type { AccessAsOfItem, AccessChange } from '@mcpnest/contract/schemas/access-history';
import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { client } from '../../api/client.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { formatTime } from '../../strings/catalogue.ts';
import { LoadMore } from '../../ui/load-more.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ExportButton } from './export-button.tsx';
import type { ReadPage } from './read-all.ts';
import { readOnce } from './reading.ts';
import { VerdictWord } from './verdict.tsx';

/** What is asked of the past, as the address has it. */
export type HistoryAsked = Readonly<
  Partial<Record<'at' | 'from' | 'to' | 'who' | 'server' | 'show' | 'asked', string>>
>;

/** `member:<email>`, `team:<slug>` or `machine:<name>` as parameters of the question. */
function whoOf({ who, server }: HistoryAsked): Readonly<Record<string, string>> {
  const [kind, name] = who?.split(/:(.*)/s) ?? [];
  const subject = kind === undefined || name === undefined ? {} : { [kind]: name };
  return { ...subject, ...(server === undefined ? {} : { server }) };
}

interface Caller {
  readonly subject: string;
  readonly token: string | null;
  readonly server: string;
  readonly tool: string | null;
}
const toolOf = ({ server, tool }: Caller): string => (tool === null ? server : `${server}:${tool}`);
const keyOf = (row: Caller): string => [row.subject, row.token, row.server, row.tool].join('\n');

const callerColumns = <Row extends Caller>(): readonly Column<Row>[] => [
  {
    id: 'who',
    header: t('who'),
    width: 'minmax(10rem, 2fr)',
    sortBy: ({ subject }) => subject,
    cell: ({ subject, token }) => <UntrustedText text={token === null ? subject : `${subject} (${token})`} />,
  },
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(10rem, 2fr)',
    sortBy: toolOf,
    cell: (row) => <UntrustedText mono text={toolOf(row)} />,
  },
];

const asOfColumns: readonly Column<AccessAsOfItem>[] = [
  ...callerColumns<AccessAsOfItem>(),
  {
    id: 'verdict',
    header: t('verdict'),
    width: '8rem',
    sortBy: ({ verdict }) => verdict,
    cell: ({ verdict, approval }) => <VerdictWord verdict={verdict} approval={approval} />,
  },
  {
    id: 'reason',
    header: t('reason'),
    width: 'minmax(10rem, 3fr)',
    cell: ({ reason, author }) => <UntrustedText text={author === null ? reason : `${reason} · ${author}`} />,
  },
];

const accessWords = {
  none: { tone: 'off', word: t('none') },
  allowed: { tone: 'ok', word: t('allowed') },
  'once-approved': { tone: 'info', word: t('onceApproved') },
} as const satisfies Record<AccessChange['after'], { tone: StatusTone; word: string }>;

const Access = ({ is }: { readonly is: AccessChange['after'] }) => (
  <StatusWord tone={accessWords[is].tone}>{accessWords[is].word}</StatusWord>
);

const changeColumns: readonly Column<AccessChange>[] = [
  ...callerColumns<AccessChange>(),
  {
    id: 'before',
    header: t('before'),
    width: '8rem',
    sortBy: ({ before }) => before,
    cell: ({ before }) => <Access is={before} />,
  },
  {
    id: 'after',
    header: t('after'),
    width: '8rem',
    sortBy: ({ after }) => after,
    cell: ({ after }) => <Access is={after} />,
  },
  {
    id: 'reason',
    header: t('reason'),
    width: 'minmax(10rem, 2fr)',
    cell: ({ reason }) => <UntrustedText text={reason} />,
  },
];

interface PolicyRef {
  readonly version: number;
  readonly digest: string;
  readonly since: string;
}
const policyWords = ({ version, digest, since }: PolicyRef): string =>
  t('policyVersion', { version: String(version), digest: digest.slice(0, 12), since: formatTime(since) });

/** Who could call what at a moment, and why. */
export function AsOfAnswer({ asked }: { readonly asked: HistoryAsked }) {
  const workspace = useWorkspace();
  const params = { workspace };
  const question = {
    ...whoOf(asked),
    ...(asked.at === undefined ? {} : { at: asked.at }),
    ...(asked.show === 'all' ? { show: 'all' as const } : {}),
  };
  const query = useInfiniteQuery({ ...apiPages('access', 'asOf', { params, query: question }), ...readOnce });
  const rows = rowsOf(query.data);
  const first = query.data?.pages[0];
  return (
    <Asked query={query}>
      {() => (
        <Answer
          summary={first === undefined ? [] : [formatTime(first.at), policyWords(first.policy)]}
          label={t('asOf')}
          rows={rows}
          columns={asOfColumns}
          nothing={t('nobody')}
          pages={query}
          name={`access-${workspace}-${first?.at ?? ''}`}
          readPage={(cursor) => client.access.asOf({ params, query: { ...question, limit: 1_000, ...cursor } })}
        />
      )}
    </Asked>
  );
}

/** Who came to be able, or unable, to call what between two moments. */
export function ChangesAnswer({ asked }: { readonly asked: HistoryAsked }) {
  const workspace = useWorkspace();
  const params = { workspace };
  const question = {
    ...whoOf(asked),
    ...(asked.from === undefined ? {} : { from: asked.from }),
    ...(asked.to === undefined ? {} : { to: asked.to }),
  };
  const query = useInfiniteQuery({ ...apiPages('access', 'changes', { params, query: question }), ...readOnce });
  const rows = rowsOf(query.data);
  const first = query.data?.pages[0];
  return (
    <Asked query={query}>
      {() => (
        <Answer
          summary={
            first === undefined
              ? []
              : [
                  `${formatTime(first.from)} → ${formatTime(first.to)}`,
                  policyWords(first.policyBefore),
                  policyWords(first.policyAfter),
                ]
          }
          label={t('changes')}
          rows={rows}
          columns={changeColumns}
          nothing={t('nothingChanged')}
          pages={query}
          name={`access-changes-${workspace}-${first?.from ?? ''}`}
          readPage={(cursor) => client.access.changes({ params, query: { ...question, limit: 1_000, ...cursor } })}
        />
      )}
    </Asked>
  );
}

interface AnswerProps<Row extends Caller> {
  /** What the answer is of, a line each. */
  readonly summary: readonly string[];
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly nothing: string;
  readonly pages: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly name: string;
  readonly readPage: ReadPage<Row>;
}

function Answer<Row extends Caller>(props: AnswerProps<Row>) {
  const { summary, label, rows, columns, nothing, pages, name, readPage } = props;
  return (
    <section aria-label={label} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="text-sm text-quiet">
          {summary.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
        {rows.length > 0 && <ExportButton name={name} readPage={readPage} />}
      </div>
      {rows.length === 0 ? (
        <p className="text-quiet">{nothing}</p>
      ) : (
        <VirtualTable
          label={label}
          rows={rows}
          columns={columns}
          rowKey={keyOf}
          footer={
            <LoadMore
              shown={rows.length}
              more={pages.hasNextPage}
              busy={pages.isFetchingNextPage}
              onMore={() => void pages.fetchNextPage()}
            />
          }
        />
      )}
    </section>
  );
}
