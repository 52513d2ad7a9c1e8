import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { apiQuery, useChange } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { can, roleIn } from '../../capabilities.ts';
import { after } from '../../components/after.ts';
import { accessStart } from '../../components/area-start.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { LinkButton } from '../../components/link.tsx';
import { Page } from '../../components/page.tsx';
import { usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/access.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Select } from '../../ui/select.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { Denied } from './access-frame.tsx';
import { MemberTeams } from './member-teams.tsx';
import { ofItsOwn } from './reading.ts';
import { RemoveMember } from './remove-member.tsx';
import { rolesUpTo } from './roles.ts';
import { StopButton, StopNotice, useStopOf } from './stop.tsx';
import { Timeline } from './timeline.tsx';
import { TokenTable } from './token-table.tsx';

/** One person: role, teams, tokens, and what became of them. */
export function MemberPage() {
  const workspace = useWorkspace();
  const session = useSession();
  const id = usePathPart('member');
  const mayList = can(session, 'members.list', workspace);
  const query = useQuery({ ...apiQuery('members', 'list', { params: { workspace } }), enabled: mayList });
  const member = query.data?.items.find((item) => item.id === id);
  return (
    <Page
      title={member?.name ?? t('members')}
      about={member?.email}
      trail={[{ label: t('title'), to: accessStart(workspace, session) }]}
      actions={
        member === undefined ? undefined : (
          <>
            <LinkButton to={paths.viewAs(workspace, member.id)}>{t('viewAs')}</LinkButton>
            <StopButton target={`member:${member.email}`} name={member.email} />
            <RemoveMember member={member} />
          </>
        )
      }
      cli={{
        command: `mcpnest access explain --member ${member?.email ?? id} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/members/${id}/timeline`,
      }}
    >
      {mayList ? (
        <Asked query={query}>
          {() =>
            member === undefined ? (
              <>
                <Notice tone="warn" title={t('memberGone')}>
                  {t('memberGoneAbout')}
                </Notice>
                <Timeline of="member" id={id} />
              </>
            ) : (
              <Details member={member} />
            )
          }
        </Asked>
      ) : (
        <Denied what={t('whatMembers')} />
      )}
    </Page>
  );
}

function Details({ member }: { readonly member: Member }) {
  const workspace = useWorkspace();
  const stop = useStopOf(`member:${member.email}`);
  return (
    <>
      {stop !== undefined && <StopNotice stop={stop} name={member.email} />}
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-2">
        <Card title={t('role')} about={t('roleHelp')}>
          <div className="flex flex-col gap-4">
            <RoleSelect member={member} />
            <KeyValueList
              items={{
                [t('name')]: <UntrustedText text={member.name} />,
                [t('since')]: <RelativeTime at={member.createdAt} />,
                ID: (
                  <span className="flex items-center gap-1">
                    <span className="truncate font-mono text-sm">{member.id}</span>
                    <CopyButton text={member.id} label={t('copyId')} />
                  </span>
                ),
              }}
            />
          </div>
        </Card>
        <div className="flex flex-col gap-6">
          <MemberTeams member={member} />
          <Allowlist member={member} workspace={workspace} />
        </div>
      </div>
      <Card title={t('tokens')}>
        <TokenTable holder={{ memberId: member.id }} />
      </Card>
      <Timeline of="member" id={member.id} />
    </>
  );
}

function RoleSelect({ member }: { readonly member: Member }) {
  const workspace = useWorkspace();
  const allowed = rolesUpTo(roleIn(useSession(), workspace));
  const update = useChange('members', 'update');
  const problem = faultOf(update.error);
  if (!allowed.includes(member.role)) return <p className="text-sm text-quiet">{t('roleKept')}</p>;
  const give = (role: Member['role'], onSuccess: () => void): void =>
    after(update.mutateAsync({ params: { workspace, member: member.id }, body: { role } }), onSuccess);
  return (
    <Select
      label={t('role')}
      value={member.role}
      choices={allowed.map((value) => ({ value, label: value }))}
      error={problem?.detail}
      onChange={(role) =>
        give(role, () =>
          toast({
            title: t('roleChanged', { email: member.email, role }),
            undo: () => give(member.role, () => undefined),
          }),
        )
      }
    />
  );
}

function Allowlist({ member, workspace }: { readonly member: Member; readonly workspace: string }) {
  const query = useQuery({
    ...apiQuery('allowlists', 'show', { params: { workspace, member: member.id } }),
    ...ofItsOwn,
  });
  return (
    <Card
      title={t('allowlist')}
      about={t('allowlistAbout')}
      actions={
        <LinkButton small to={`${paths.accessPart(workspace, 'security')}?member=${member.id}`}>
          {t('allowlistEdit')}
        </LinkButton>
      }
    >
      <Asked query={query} rows={2}>
        {({ entries }) =>
          entries.length === 0 ? (
            <p className="text-quiet">{t('allowlistNone')}</p>
          ) : (
            <ul className="flex max-h-40 flex-wrap gap-1.5 overflow-y-auto">
              {entries.map((entry) => (
                <li key={entry} className="rounded bg-sunken px-1.5 font-mono text-sm">
                  {entry}
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </Card>
  );
}
