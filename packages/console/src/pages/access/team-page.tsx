import type { TeamDetail } from '@mcpnest/contract/schemas/teams';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { useSession } from '../../api/session.ts';
import { accessStart } from '../../components/area-start.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { TextLink } from '../../components/link.tsx';
import { useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useMay, usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-teams.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Badge } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ofItsOwn } from './reading.ts';
import { MemberPicker } from './pickers.tsx';
import { useImpact } from './impact.ts';

/** One team and who is in it. */
export function TeamPage() {
  const workspace = useWorkspace();
  const session = useSession();
  const team = usePathPart('team');
  const query = useQuery({ ...apiQuery('teams', 'show', { params: { workspace, team } }), ...ofItsOwn });
  const mayChange = useMay('teams.update');
  return (
    <Page
      title={query.data?.name ?? team}
      about={t('teamAbout')}
      trail={[
        { label: words('title'), to: accessStart(workspace, session) },
        { label: words('teams'), to: paths.accessPart(workspace, 'teams') },
      ]}
      actions={mayChange && query.data !== undefined ? <TeamActions team={query.data} /> : undefined}
      cli={{
        command: `mcpnest team show ${team} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/teams/${team}`,
      }}
    >
      <Asked query={query}>{(data) => <People team={data} mayChange={mayChange} />}</Asked>
    </Page>
  );
}

function TeamActions({ team: { slug, name } }: { readonly team: TeamDetail }) {
  const workspace = useWorkspace();
  const go = useGo();
  const [open, setOpen] = useState<'rename' | 'remove' | null>(null);
  const [draft, setDraft] = useState(name);
  const rename = useChange('teams', 'update');
  const remove = useChange('teams', 'remove');
  const felt = useImpact('team', slug, open === 'remove');
  const params = { workspace, team: slug };
  const close = (): void => setOpen(null);
  return (
    <>
      <Button
        onClick={() => {
          setDraft(name);
          setOpen('rename');
        }}
      >
        {t('rename')}
      </Button>
      <Button look="danger" onClick={() => setOpen('remove')}>
        {t('removeTeam')}
      </Button>
      <Dialog open={open === 'rename'} onClose={close} title={t('rename')}>
        <Form
          submit={t('rename')}
          busy={rename.isPending}
          problem={faultOf(rename.error)}
          onCancel={close}
          disabled={draft.trim() === ''}
          onSubmit={() =>
            after(rename.mutateAsync({ params, body: { name: draft } }), (made) => {
              close();
              toast({
                title: t('renamed', { name: made.name }),
                undo: () => takeBack(rename.mutateAsync({ params, body: { name } })),
              });
            })
          }
        >
          <TextField label={t('name')} value={draft} onChange={setDraft} />
        </Form>
      </Dialog>
      <ConfirmDialog
        open={open === 'remove'}
        onClose={close}
        title={t('removeTeamAsk', { name })}
        consequences={[t('removeTeamEffect'), ...felt]}
        action={t('removeTeam')}
        typed={slug}
        busy={remove.isPending}
        problem={faultOf(remove.error)}
        onConfirm={() =>
          after(remove.mutateAsync({ params }), () => {
            toast({ title: t('teamRemoved', { name }) });
            go(paths.accessPart(workspace, 'teams'));
          })
        }
      />
    </>
  );
}

function People({ team, mayChange }: { readonly team: TeamDetail; readonly mayChange: boolean }) {
  const workspace = useWorkspace();
  const join = useChange('teams', 'addMember', ['access']);
  const leave = useChange('teams', 'removeMember', ['access']);
  const failed = join.error ?? leave.error;
  const at = (member: string) => ({ params: { workspace, team: team.slug, member } });
  const present = new Set(team.members.map(({ id }) => id));
  return (
    <Card title={t('people')}>
      <div className="flex flex-col gap-4">
        {mayChange && (
          <div className="max-w-sm">
            <MemberPicker
              label={t('addPerson')}
              value={null}
              except={present}
              onChange={(member) => {
                if (member !== null)
                  after(join.mutateAsync(at(member.id)), () =>
                    toast({
                      title: t('joined', { email: member.email }),
                      undo: () => takeBack(leave.mutateAsync(at(member.id))),
                    }),
                  );
              }}
            />
          </div>
        )}
        {failed !== null && <ProblemNotice error={failed} />}
        {team.members.length === 0 && <p className="text-quiet">{t('empty')}</p>}
        <ul className="max-h-[60vh] divide-y divide-line overflow-y-auto" aria-label={t('people')}>
          {team.members.map(({ id, name, email, role }) => (
            <li key={id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
              <span className="min-w-0 grow basis-56">
                {mayChange ? (
                  <TextLink to={paths.member(workspace, id)}>
                    <UntrustedText text={name} />
                  </TextLink>
                ) : (
                  <UntrustedText text={name} />
                )}
                <span className="block text-sm text-quiet">{email}</span>
              </span>
              <Badge>{role}</Badge>
              {mayChange && (
                <Button
                  small
                  aria-label={t('takeOut', { email })}
                  onClick={() =>
                    after(leave.mutateAsync(at(id)), () =>
                      toast({ title: t('left', { email }), undo: () => takeBack(join.mutateAsync(at(id))) }),
                    )
                  }
                >
                  {words('remove')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
