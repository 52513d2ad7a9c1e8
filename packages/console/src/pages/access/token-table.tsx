import type { Token } from '@mcpnest/contract/schemas/tokens';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-tokens.ts';
import { Button } from '../../ui/button.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { IssueTokenDialog } from './issue-token.tsx';
import type { TokenHolder } from './issue-token.tsx';
import { TokenPanel } from './token-panel.tsx';
import { isLiving, tokenState } from './token-state.ts';

const columns: readonly Column<Token>[] = [
  {
    id: 'label',
    header: t('label'),
    width: 'minmax(8rem, 2fr)',
    sortBy: ({ label }) => label,
    cell: ({ label }) => <UntrustedText text={label} />,
  },
  {
    id: 'token',
    header: t('token'),
    width: '7rem',
    cell: ({ hint }) => <span className="font-mono text-sm">mng_…{hint}</span>,
  },
  {
    id: 'scope',
    header: t('scope'),
    width: 'minmax(7rem, 1fr)',
    cell: ({ scope }) => (scope === null ? t('wholeWorkspace') : t('narrowed', { count: scope.length })),
  },
  {
    id: 'state',
    header: t('state'),
    width: 'minmax(7rem, 1fr)',
    sortBy: (token) => tokenState(token).word,
    cell: (token) => {
      const { tone, word } = tokenState(token);
      return <StatusWord tone={tone}>{t(word)}</StatusWord>;
    },
  },
  {
    id: 'used',
    header: t('lastUsed'),
    width: '8rem',
    align: 'end',
    sortBy: ({ lastUsedAt }) => lastUsedAt ?? '',
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? t('never') : <RelativeTime at={lastUsedAt} />),
  },
  {
    id: 'expires',
    header: t('expires'),
    width: '8rem',
    align: 'end',
    sortBy: ({ expiresAt }) => expiresAt ?? '9',
    cell: ({ expiresAt }) => (expiresAt === null ? t('never') : <RelativeTime at={expiresAt} />),
  },
];

/** Whose a token is: an email, the name of a machine, or the workspace. */
export function useHolderNames(): (token: Token) => string {
  const workspace = useWorkspace();
  const request = { params: { workspace } };
  const mayMembers = useMay('members.list');
  const members = useQuery({ ...apiQuery('members', 'list', request), enabled: mayMembers });
  const machines = useQuery(apiQuery('machines', 'list', request));
  const names = new Map([
    ...(members.data?.items ?? []).map(({ id, email }) => [id, email] as const),
    ...(machines.data?.items ?? []).map(({ id, name }) => [id, name] as const),
  ]);
  return ({ memberId, machineId }) =>
    names.get(memberId ?? machineId ?? '') ?? memberId ?? machineId ?? t('workspaceToken');
}

export interface TokenTableProps {
  /** Only tokens of this one, and new ones are for it. */
  readonly holder: TokenHolder;
  /** Ended ones, too. */
  readonly all?: boolean;
}

/** The tokens of one holder, with the way to another. */
export function TokenTable({ holder, all = false }: TokenTableProps) {
  const workspace = useWorkspace();
  const [issuing, setIssuing] = useState(false);
  const query = useQuery(apiQuery('tokens', 'list', { params: { workspace } }));
  const theirs = (token: Token): boolean =>
    (holder.memberId !== undefined && token.memberId === holder.memberId) ||
    (holder.machineId !== undefined && token.machineId === holder.machineId);
  return (
    <div className="flex flex-col gap-3">
      <Asked query={query} rows={2}>
        {({ items }) => (
          <TokenRows
            rows={items.filter((token) => theirs(token) && token.purpose === null && (all || isLiving(token)))}
          />
        )}
      </Asked>
      <div>
        <Button onClick={() => setIssuing(true)}>{t('issue')}</Button>
      </div>
      <IssueTokenDialog open={issuing} onClose={() => setIssuing(false)} holder={holder} />
    </div>
  );
}

/** Rows of tokens; one opens beside them. */
export function TokenRows({
  rows,
  withHolder = false,
}: {
  readonly rows: readonly Token[];
  readonly withHolder?: boolean;
}) {
  const [opened, setOpened] = useState<string | null>(null);
  const holderOf = useHolderNames();
  const [first, ...others] = columns;
  const shown: readonly Column<Token>[] =
    withHolder && first !== undefined
      ? [
          first,
          {
            id: 'holder',
            header: t('holder'),
            width: 'minmax(8rem, 2fr)',
            sortBy: holderOf,
            cell: (token) => <UntrustedText text={holderOf(token)} />,
          },
          ...others,
        ]
      : columns;
  const token = rows.find(({ id }) => id === opened);
  return (
    <>
      {rows.length === 0 ? (
        <p className="text-quiet">{t('noTokens')}</p>
      ) : (
        <VirtualTable
          label={t('token')}
          rows={rows}
          columns={shown}
          rowKey={({ id }) => id}
          onOpen={({ id }) => setOpened(id)}
        />
      )}
      <TokenPanel token={token} holder={token === undefined ? '' : holderOf(token)} onClose={() => setOpened(null)} />
    </>
  );
}
