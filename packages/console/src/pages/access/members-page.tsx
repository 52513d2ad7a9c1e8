import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { TextLink } from '../../components/link.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { usePaletteActions } from '../../shell/actions.ts';
import { t } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge, StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AccessFrame } from './access-frame.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { Invitations } from './invitations.tsx';

const columnsFor = (workspace: string, stopped: ReadonlySet<string>): readonly Column<Member>[] => [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(8rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ id, name }) => (
      <TextLink to={paths.member(workspace, id)}>
        <UntrustedText text={name} />
      </TextLink>
    ),
  },
  {
    id: 'email',
    header: t('email'),
    width: 'minmax(10rem, 3fr)',
    sortBy: ({ email }) => email,
    cell: ({ email }) => email,
  },
  {
    id: 'role',
    header: t('role'),
    width: '6rem',
    sortBy: ({ role }) => role,
    cell: ({ role }) => <Badge tone={role === 'member' ? 'off' : 'info'}>{role}</Badge>,
  },
  {
    id: 'state',
    header: t('state'),
    width: '7rem',
    sortBy: ({ email }) => (stopped.has(email) ? 0 : 1),
    cell: ({ email }) =>
      stopped.has(email) ? (
        <StatusWord tone="bad">{t('stopped')}</StatusWord>
      ) : (
        <StatusWord tone="ok">{t('active')}</StatusWord>
      ),
  },
  {
    id: 'since',
    header: t('since'),
    width: '8rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

/** Who belongs to the workspace, and who is asked to. */
export function MembersPage() {
  const [inviting, setInviting] = useState(false);
  const mayInvite = useMay('invitations.create');
  usePaletteActions(
    useMemo(
      () => (mayInvite ? [{ id: 'access.invite', label: t('inviteTitle'), run: () => setInviting(true) }] : []),
      [mayInvite],
    ),
  );
  return (
    <AccessFrame
      about={t('about')}
      same={['member list', 'GET /members']}
      needs={['members.list', t('whatMembers')]}
      actions={
        <Button look="primary" onClick={() => setInviting(true)}>
          {t('invite')}
        </Button>
      }
    >
      <Members />
      <Invitations />
      <InviteDialog open={inviting} onClose={() => setInviting(false)} />
    </AccessFrame>
  );
}

function Members() {
  const workspace = useWorkspace();
  const go = useGo();
  const [{ text }, setFilters] = useFilters(['text']);
  const query = useQuery(apiQuery('members', 'list', { params: { workspace } }));
  const stops = useQuery(apiQuery('stops', 'list', { params: { workspace } }));
  const columns = useMemo(() => {
    const active = (stops.data?.items ?? []).filter((stop) => stop.active && stop.target.startsWith('member:'));
    return columnsFor(workspace, new Set(active.map(({ target }) => target.slice('member:'.length))));
  }, [workspace, stops.data]);
  const wanted = text?.toLowerCase() ?? '';
  return (
    <Asked query={query}>
      {({ items }) => {
        const rows = items.filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(wanted));
        return (
          <div className="flex flex-col gap-3">
            <FilterBar label={t('search')} text={text} onText={(next) => setFilters({ text: next })} />
            {rows.length === 0 ? (
              <p className="text-quiet">{t('noneFits')}</p>
            ) : (
              <VirtualTable
                label={t('members')}
                rows={rows}
                columns={columns}
                rowKey={({ id }) => id}
                onOpen={({ id }) => go(paths.member(workspace, id))}
              />
            )}
          </div>
        );
      }}
    </Asked>
  );
}
