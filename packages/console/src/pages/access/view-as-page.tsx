import type { ShownTool } from '@mcpnest/contract/schemas/tools';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Eye } from 'lucide-react';
import { useState } from 'react';
import { apiPages, apiQuery, rowsOf } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { accessStart } from '../../components/area-start.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { LinkButton } from '../../components/link.tsx';
import { useFilters } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useMay, usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-decisions.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { SidePanel } from '../../ui/dialog.tsx';
import { LoadMore } from '../../ui/load-more.tsx';
import { Notice } from '../../ui/notice.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { Denied } from './access-frame.tsx';
import { readOnce } from './reading.ts';

const keyOf = ({ server, name }: ShownTool): string => `${server} ${name}`;

const Shown = ({ tool: { listed, approval } }: { readonly tool: ShownTool }) =>
  listed ? (
    <StatusWord tone={approval ? 'info' : 'ok'}>{approval ? t('needsApproval') : t('shown')}</StatusWord>
  ) : (
    <StatusWord tone="bad">{t('notShown')}</StatusWord>
  );

const columns: readonly Column<ShownTool>[] = [
  {
    id: 'name',
    header: t('tool'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name }) => <UntrustedText mono text={name} />,
  },
  {
    id: 'server',
    header: t('server'),
    width: 'minmax(6rem, 1fr)',
    sortBy: ({ server }) => server,
    cell: ({ server }) => server,
  },
  {
    id: 'listed',
    header: t('verdict'),
    width: '8rem',
    sortBy: ({ listed }) => (listed ? 1 : 0),
    cell: (tool) => <Shown tool={tool} />,
  },
  {
    id: 'reason',
    header: t('reason'),
    width: 'minmax(10rem, 3fr)',
    cell: ({ reason }) => <UntrustedText text={reason} />,
  },
];

/** The workspace as one of its members sees it. Read-only and recorded. */
export function ViewAsPage() {
  const workspace = useWorkspace();
  const session = useSession();
  const id = usePathPart('member');
  const may = useMay('tools.listAs');
  const members = useQuery({ ...apiQuery('members', 'list', { params: { workspace } }), enabled: may });
  const member = members.data?.items.find((item) => item.id === id);
  return (
    <Page
      title={t('viewTitle', { name: member?.name ?? '…' })}
      about={t('viewAbout')}
      trail={[
        { label: words('title'), to: accessStart(workspace, session) },
        { label: member?.name ?? words('members'), to: paths.member(workspace, id) },
      ]}
      cli={{
        command: `mcpnest access tools --member ${member?.email ?? id} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/members/${id}/tools`,
      }}
    >
      {may ? (
        <>
          <div className="sticky top-2 z-30 flex flex-wrap items-center gap-3 rounded-lg border-2 border-info bg-info-soft px-4 py-3">
            <Eye size={18} className="text-info" aria-hidden />
            <div className="min-w-0 grow">
              <p className="font-medium text-info">{t('viewBanner', { email: member?.email ?? '…' })}</p>
              <p className="text-sm">{t('viewBannerAbout')}</p>
            </div>
            <LinkButton to={paths.member(workspace, id)}>{t('viewEnd')}</LinkButton>
          </div>
          <Servers id={id} />
          <Tools id={id} />
        </>
      ) : (
        <Denied what={t('whatView')} />
      )}
    </Page>
  );
}

function Servers({ id }: { readonly id: string }) {
  const workspace = useWorkspace();
  const query = useQuery({ ...apiQuery('servers', 'listAs', { params: { workspace, member: id } }), ...readOnce });
  return (
    <Card title={t('serversSeen')}>
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('serversNone')}</p>
          ) : (
            <ul className="flex flex-wrap gap-2">
              {items.map(({ slug, name }) => (
                <li key={slug} className="rounded-md border border-line px-2 py-0.5">
                  <UntrustedText text={name} />
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </Card>
  );
}

function Tools({ id }: { readonly id: string }) {
  const workspace = useWorkspace();
  const [{ text, only }, setFilters] = useFilters(['text', 'only']);
  const query = useInfiniteQuery({
    ...apiPages('tools', 'listAs', { params: { workspace, member: id }, query: { show: 'all', limit: 500 } }),
    ...readOnce,
  });
  const [opened, setOpened] = useState<string | null>(null);
  const all = rowsOf(query.data);
  const wanted = text?.toLowerCase() ?? '';
  const rows = all.filter(({ name, listed }) => (only === undefined || !listed) && name.toLowerCase().includes(wanted));
  const unknown = query.data?.pages[0]?.unknown ?? [];
  return (
    <Asked query={query}>
      {() => (
        <div className="flex flex-col gap-3">
          <FilterBar label={t('searchTools')} text={text} onText={(next) => setFilters({ text: next })}>
            <Checkbox
              label={t('onlyMissing')}
              checked={only !== undefined}
              onChange={(on) => setFilters({ only: on ? 'missing' : undefined })}
            />
          </FilterBar>
          {unknown.length > 0 && <Notice tone="info" title={t('unknownTools', { servers: unknown.join(', ') })} />}
          {rows.length === 0 ? (
            <p className="text-quiet">{t('noTools')}</p>
          ) : (
            <VirtualTable
              label={t('tool')}
              rows={rows}
              columns={columns}
              rowKey={keyOf}
              onOpen={(tool) => setOpened(keyOf(tool))}
              footer={
                <LoadMore
                  shown={all.length}
                  more={query.hasNextPage}
                  busy={query.isFetchingNextPage}
                  onMore={() => void query.fetchNextPage()}
                />
              }
            />
          )}
          <ToolPanel tool={all.find((tool) => keyOf(tool) === opened)} onClose={() => setOpened(null)} />
        </div>
      )}
    </Asked>
  );
}

const ToolPanel = ({ tool, onClose }: { readonly tool: ShownTool | undefined; readonly onClose: () => void }) => (
  <SidePanel open={tool !== undefined} onClose={onClose} title={tool?.name ?? ''}>
    {tool !== undefined && (
      <KeyValueList
        items={{
          [t('verdict')]: <Shown tool={tool} />,
          [t('server')]: tool.server,
          [t('tool')]: <UntrustedText mono text={tool.tool} />,
          [t('class')]: tool.class,
          [t('reason')]: <UntrustedText text={tool.reason} />,
          [t('rule')]: <span className="font-mono text-sm">{tool.rule}</span>,
          [t('description')]: <UntrustedText text={tool.description ?? ''} />,
        }}
      />
    )}
  </SidePanel>
);
