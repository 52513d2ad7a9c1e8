import type { ApiKey } from '@mcpnest/contract/schemas/tokens';
import { useQuery } from '@tanstack/react-query';
import { t } from '../../strings/keys.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { Asked } from '../asked.tsx';
import { KeyActions } from './key-actions.tsx';
import { keysApi, keysQuery } from './keys-api.ts';

const stateOf = ({ revokedAt, expiresAt }: ApiKey): 'ended' | 'over' | 'living' =>
  revokedAt !== null ? 'ended' : expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'over' : 'living';

const columns = (workspace: string | null): readonly Column<ApiKey>[] => [
  {
    id: 'label',
    header: t('label'),
    width: 'minmax(10rem, 2fr)',
    sortBy: ({ label }) => label,
    cell: ({ label }) => <UntrustedText text={label} limit={80} />,
  },
  {
    id: 'whose',
    header: t('whose'),
    width: 'minmax(10rem, 2fr)',
    sortBy: ({ email }) => email,
    cell: ({ email }) => <UntrustedText text={email} limit={80} />,
  },
  { id: 'role', header: t('role'), width: '5rem', sortBy: ({ role }) => role, cell: ({ role }) => role },
  {
    id: 'hint',
    header: t('hint'),
    width: '5rem',
    cell: ({ hint }) => <span className="font-mono text-sm">…{hint}</span>,
  },
  {
    id: 'state',
    header: t('state'),
    width: '6rem',
    sortBy: stateOf,
    cell: (key) => <StatusWord tone={stateOf(key) === 'living' ? 'ok' : 'off'}>{t(stateOf(key))}</StatusWord>,
  },
  {
    id: 'used',
    header: t('used'),
    width: '7rem',
    align: 'end',
    sortBy: ({ lastUsedAt }) => lastUsedAt ?? '',
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? t('never') : <RelativeTime at={lastUsedAt} />),
  },
  {
    id: 'expires',
    header: t('expires'),
    width: '7rem',
    align: 'end',
    sortBy: ({ expiresAt }) => expiresAt ?? '9',
    cell: ({ expiresAt }) => (expiresAt === null ? t('noEnd') : <RelativeTime at={expiresAt} />),
  },
  {
    id: 'actions',
    header: '',
    width: '10rem',
    align: 'end',
    cell: (key) => (stateOf(key) === 'living' ? <KeyActions apiKey={key} workspace={workspace} /> : null),
  },
];

/** The control keys of a workspace, or of the whole instance for null. */
export function KeysPart({ workspace }: { readonly workspace: string | null }) {
  const query = useQuery(keysQuery(keysApi(workspace), workspace));
  return (
    <Asked query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            title={t('emptyTitle')}
            example={
              <CodeBlock
                label={t('command')}
                code={`mcpnest key issue --label Terraform --role admin ${workspace === null ? '' : `--workspace ${workspace}`}`}
              />
            }
          >
            {t('empty')}
          </EmptyState>
        ) : (
          <VirtualTable label={t('title')} rows={items} columns={columns(workspace)} rowKey={({ id }) => id} />
        )
      }
    </Asked>
  );
}
