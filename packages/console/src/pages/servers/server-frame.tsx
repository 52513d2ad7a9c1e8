import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { MoreHorizontal, Pencil, Power, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { can, roleIn } from '../../capabilities.ts';
import { Asked } from '../../components/asked.tsx';
import { Page } from '../../components/page.tsx';
import { useMay, usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import type { ServerPart } from '../../paths.ts';
import { t } from '../../strings/servers.ts';
import { Button } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Badge } from '../../ui/status.tsx';
import { EditServer } from './edit-server.tsx';
import { RemoveServer } from './remove-server.tsx';
import { ServerState } from './server-state.tsx';
import { useSwitch } from './use-switch.ts';

/** The parts of the page, each with the operation that it reads. */
const parts: readonly (readonly [ServerPart, string])[] = [
  ['overview', 'servers.show'],
  ['tools', 'tools.list'],
  ['review', 'reviews.show'],
  ['calls', 'calls.list'],
  ['access', 'access.matrix'],
  ['revisions', 'servers.revisions'],
  ['credentials', 'servers.setCredential'],
  ['connections', 'connections.list'],
];

export interface ServerFrameProps {
  readonly part: ServerPart;
  /** `mcpnest server review {server}`; the workspace is added. */
  readonly command: (server: string) => string;
  /** `GET …/servers/{server}/review`; what follows the workspace. */
  readonly request: (server: string) => string;
  readonly children: (server: Server) => ReactNode;
}

/** What every part of a server's page has around it. Another server is another page: nothing of the last one stays. */
export function ServerFrame(props: ServerFrameProps) {
  const slug = usePathPart('server');
  return <Frame key={slug} {...props} slug={slug} />;
}

function Frame({ part, command, request, children, slug }: ServerFrameProps & { readonly slug: string }) {
  const workspace = useWorkspace();
  const session = useSession();
  const query = useQuery({
    ...apiQuery('servers', 'show', { params: { workspace, server: slug } }),
    refetchInterval: 10_000,
  });
  const permitted = parts.some(([name, operation]) => name === part && can(session, operation, workspace));
  const [method, rest] = request(slug).split(' ');
  return (
    <Page
      title={query.data?.name ?? slug}
      trail={[{ label: t('title'), to: paths.servers(workspace) }]}
      status={query.data !== undefined && <Status server={query.data} />}
      actions={query.data !== undefined && <Actions server={query.data} />}
      tabs={parts.map(([name, needs]) => ({
        label: t(`part_${name}`),
        to: paths.serverPart(workspace, slug, name),
        needs,
      }))}
      cli={{
        command: `${command(slug)} --workspace ${workspace}`,
        request: `${method} /api/v1/workspaces/${workspace}${rest}`,
      }}
    >
      {permitted ? (
        <Asked query={query}>{children}</Asked>
      ) : (
        <Notice tone="info" title={t('deniedPart')}>
          {t('deniedPartAbout', { role: roleIn(session, workspace) ?? 'none' })}
        </Notice>
      )}
    </Page>
  );
}

const Status = ({ server }: { readonly server: Server }) => (
  <>
    <ServerState server={server} />
    {server.health.pendingReview > 0 && (
      <Badge tone="warn">{t('review', { count: server.health.pendingReview })}</Badge>
    )}
  </>
);

function Actions({ server }: { readonly server: Server }) {
  const mayChange = useMay('servers.update');
  const flip = useSwitch();
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  if (!mayChange) return null;
  return (
    <>
      <Button onClick={() => setOpen('edit')}>
        <Pencil size={14} aria-hidden />
        {t('edit')}
      </Button>
      <Menu
        trigger={
          <Button aria-label={t('menuOf', { name: server.name })} className="w-8.5 px-0!">
            <MoreHorizontal size={16} aria-hidden />
          </Button>
        }
        groups={[
          [
            {
              label: server.enabled ? t('disable') : t('enable'),
              icon: <Power size={14} aria-hidden />,
              onSelect: () => flip(server),
            },
          ],
          [
            {
              label: t('remove'),
              icon: <Trash2 size={14} aria-hidden />,
              danger: true,
              onSelect: () => setOpen('remove'),
            },
          ],
        ]}
      />
      <EditServer server={server} open={open === 'edit'} onClose={() => setOpen(null)} />
      <RemoveServer server={server} open={open === 'remove'} onClose={() => setOpen(null)} />
    </>
  );
}
