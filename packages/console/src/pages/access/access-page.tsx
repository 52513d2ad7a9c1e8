import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { roleIn } from '../../capabilities.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access.ts';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';

const columns: readonly Column<Member>[] = [
  {
    id: 'name',
    header: t('name'),
    width: '2fr',
    sortBy: ({ name }) => name,
    cell: ({ name }) => <UntrustedText text={name} />,
  },
  { id: 'email', header: t('email'), width: '3fr', sortBy: ({ email }) => email, cell: ({ email }) => email },
  {
    id: 'role',
    header: t('role'),
    width: '8rem',
    sortBy: ({ role }) => role,
    cell: ({ role }) => <Badge>{role}</Badge>,
  },
  {
    id: 'since',
    header: t('since'),
    width: '9rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

/** Who belongs to the workspace. */
export function AccessPage() {
  const workspace = useWorkspace();
  const session = useSession();
  const mayList = useMay('members.list');
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={{
        command: `mcpnest member list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/members`,
      }}
    >
      {mayList ? (
        <Members />
      ) : (
        <Notice tone="info" title={t('denied')}>
          {t('deniedAbout', { role: roleIn(session, workspace) ?? 'none' })}
        </Notice>
      )}
    </Page>
  );
}

function Members() {
  const workspace = useWorkspace();
  const [{ text }, setFilters] = useFilters(['text']);
  const query = useQuery(apiQuery('members', 'list', { params: { workspace } }));
  const wanted = text?.toLowerCase() ?? '';
  return (
    <Asked query={query}>
      {({ items }) => (
        <div className="flex flex-col gap-3">
          <FilterBar label={t('search')} text={text} onText={(next) => setFilters({ text: next })} />
          <VirtualTable
            label={t('title')}
            rows={items.filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(wanted))}
            columns={columns}
            rowKey={({ id }) => id}
          />
        </div>
      )}
    </Asked>
  );
}
