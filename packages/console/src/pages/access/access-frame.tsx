import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { can, roleIn } from '../../capabilities.ts';
import { Page } from '../../components/page.tsx';
import type { PageProps } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/access.ts';
import { Notice } from '../../ui/notice.tsx';
import { Badge } from '../../ui/status.tsx';

/** The parts of the area, each with the operation it lives by. */
const parts = [
  ['members', 'members.list'],
  ['teams', 'teams.list'],
  ['machines', 'machines.list'],
  ['tokens', 'tokens.list'],
  ['rules', 'rules.list'],
  ['security', 'allowlists.show'],
  ['matrix', 'access.matrix'],
  ['test', 'access.explain'],
  ['simulation', 'policy.simulate'],
  ['unused', 'policy.unused'],
  ['requests', 'accessRequests.list'],
  ['history', 'access.asOf'],
] as const;

export interface AccessFrameProps extends Omit<PageProps, 'title' | 'tabs' | 'trail' | 'cli' | 'status'> {
  /** `[command without --workspace, request below the workspace]`. */
  readonly same: readonly [command: string, request: string];
  /** The operation without which there is nothing to see, and what that is. */
  readonly needs?: readonly [operation: string, what: string];
}

/** A part of Access: the tabs, the mode of the workspace, and what is seen or why not. */
export function AccessFrame({ same: [command, request], needs, children, actions, ...rest }: AccessFrameProps) {
  const workspace = useWorkspace();
  const session = useSession();
  const [verb = 'GET', path = ''] = request.split(' ');
  const denied = needs !== undefined && !can(session, needs[0], workspace);
  return (
    <Page
      {...rest}
      title={t('title')}
      status={<ModeBadge />}
      tabs={parts.map(([name, needed]) => ({
        label: t(name),
        to: name === 'members' ? paths.access(workspace) : paths.accessPart(workspace, name),
        needs: needed,
      }))}
      actions={denied ? undefined : actions}
      cli={{
        command: `mcpnest ${command} --workspace ${workspace}`,
        request: `${verb} /api/v1/workspaces/${workspace}${path}`,
      }}
    >
      {denied ? <Denied what={needs[1]} /> : children}
    </Page>
  );
}

/** Why something is not shown, and who can change it. */
export function Denied({ what }: { readonly what: string }) {
  const role = roleIn(useSession(), useWorkspace());
  return (
    <Notice tone="info" title={t('denied', { what })}>
      {t('deniedAbout', { role: role ?? t('none') })}
    </Notice>
  );
}

/** How rules count here: open stands out, since whoever has no rule may call everything. */
export function ModeBadge(): ReactNode {
  const workspace = useWorkspace();
  const { data } = useQuery({
    ...apiQuery('workspaces', 'show', { params: { workspace } }),
    enabled: useMay('workspaces.show'),
  });
  if (data === undefined) return null;
  const { preset, enforcement } = data.settings.access;
  if (preset === 'strict') return <Badge tone="ok">{t('strict')}</Badge>;
  return (
    <span className="flex gap-1.5">
      <Badge tone="warn">{t('open')}</Badge>
      {enforcement && <Badge tone="ok">{t('enforced')}</Badge>}
    </span>
  );
}
