import type { AccessRequest } from '@mcpnest/contract/schemas/access';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { Asked } from '../../components/asked.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-decisions.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Select } from '../../ui/select.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AccessFrame } from './access-frame.tsx';
import { AskDialog, GrantDialog, RefuseDialog } from './request-dialogs.tsx';

const tones = { pending: 'info', granted: 'ok', refused: 'bad' } as const satisfies Record<
  AccessRequest['state'],
  StatusTone
>;

const columns: readonly Column<AccessRequest>[] = [
  {
    id: 'object',
    header: t('object'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ object }) => object,
    cell: ({ object }) => <UntrustedText mono text={object} />,
  },
  {
    id: 'by',
    header: t('by'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ email }) => email,
    cell: ({ email }) => email,
  },
  {
    id: 'why',
    header: t('why'),
    width: 'minmax(8rem, 3fr)',
    cell: ({ reason, answer }) => (
      <UntrustedText text={answer === null || answer === '' ? reason : `${reason} → ${answer}`} />
    ),
  },
  {
    id: 'state',
    header: t('state'),
    width: '7rem',
    sortBy: ({ state }) => state,
    cell: ({ state }) => <StatusWord tone={tones[state]}>{t(state)}</StatusWord>,
  },
  {
    id: 'asked',
    header: t('asked'),
    width: '8rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

const states = ['pending', 'granted', 'refused'] as const;
type Asking = { readonly kind: 'grant' | 'refuse'; readonly request: AccessRequest } | { readonly kind: 'ask' } | null;

/** What people asked to be allowed; a member sees what they asked themself. */
export function RequestsPage() {
  const workspace = useWorkspace();
  const me = useSession().user.email;
  const mayDecide = useMay('accessRequests.grant');
  const [{ state }, setFilters] = useFilters(['state']);
  const [asking, setAsking] = useState<Asking>(null);
  const known = states.find((each) => each === state);
  const query = useQuery(
    apiQuery('accessRequests', 'list', {
      params: { workspace },
      query: known === undefined ? {} : { state: known },
    }),
  );
  const shown = useMemo(
    () => (mayDecide ? [...columns, decideColumn(me, (kind, request) => setAsking({ kind, request }))] : columns),
    [mayDecide, me],
  );
  const close = (): void => setAsking(null);
  return (
    <AccessFrame
      about={t('requestsAbout')}
      same={['access requests', 'GET /access-requests']}
      actions={
        <Button look="primary" onClick={() => setAsking({ kind: 'ask' })}>
          {t('ask')}
        </Button>
      }
    >
      <div className="w-48">
        <Select
          label={t('show')}
          value={known ?? ''}
          onChange={(next) => setFilters({ state: next })}
          choices={[{ value: '', label: t('showAll') }, ...states.map((each) => ({ value: each, label: t(each) }))]}
        />
      </div>
      <Asked query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title={t('noRequests')}
              example={
                <CodeBlock
                  label="command"
                  code={`mcpnest access request github:create_issue --reason 'Release checklist' --days 3 --workspace ${workspace}`}
                />
              }
            >
              {t('noRequestsAbout')}
            </EmptyState>
          ) : (
            <VirtualTable label={words('requests')} rows={items} columns={shown} rowKey={({ id }) => id} />
          )
        }
      </Asked>
      <AskDialog open={asking?.kind === 'ask'} onClose={close} />
      {asking !== null && asking.kind === 'grant' && <GrantDialog request={asking.request} onClose={close} />}
      {asking !== null && asking.kind === 'refuse' && <RefuseDialog request={asking.request} onClose={close} />}
    </AccessFrame>
  );
}

/** Grant and refuse; nobody decides about what they asked for themself. */
const decideColumn = (
  me: string,
  onDecide: (kind: 'grant' | 'refuse', request: AccessRequest) => void,
): Column<AccessRequest> => ({
  id: 'decide',
  header: t('decide'),
  width: '9.5rem',
  align: 'end',
  cell: (request) =>
    request.state === 'pending' &&
    request.email !== me && (
      <span className="flex justify-end gap-1.5">
        <Button small look="primary" onClick={() => onDecide('grant', request)}>
          {t('grant')}
        </Button>
        <Button small onClick={() => onDecide('refuse', request)}>
          {t('refuse')}
        </Button>
      </span>
    ),
});
