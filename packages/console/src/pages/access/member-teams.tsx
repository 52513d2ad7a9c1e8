import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { TextLink } from '../../components/link.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/access.ts';
import { IconButton } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Combobox } from '../../ui/combobox.tsx';
import { toast } from '../../ui/toast.tsx';
import { ofItsOwn } from './reading.ts';

/** The teams somebody is in, with the way into others and out of these. */
export function MemberTeams({ member }: { readonly member: Member }) {
  const workspace = useWorkspace();
  const params = { workspace };
  const own = useQuery({ ...apiQuery('teams', 'list', { params, query: { member: member.id } }), ...ofItsOwn });
  const all = useQuery(apiQuery('teams', 'list', { params }));
  const join = useChange('teams', 'addMember', ['allowlists', 'access']);
  const leave = useChange('teams', 'removeMember', ['allowlists', 'access']);
  const failed = join.error ?? leave.error;
  const at = (team: string) => ({ params: { workspace, team, member: member.id } });
  return (
    <Card title={t('memberTeams')} about={t('memberTeamsAbout')}>
      <Asked query={own} rows={2}>
        {({ items }) => (
          <div className="flex flex-col gap-3">
            {items.length === 0 ? (
              <p className="text-quiet">{t('inNoTeam')}</p>
            ) : (
              <ul className="flex flex-wrap gap-2">
                {items.map(({ slug, name }) => (
                  <li key={slug} className="flex items-center rounded-md border border-line pl-2">
                    <TextLink to={paths.team(workspace, slug)}>{name}</TextLink>
                    <IconButton
                      small
                      label={t('leave', { team: name })}
                      icon={<X size={13} aria-hidden />}
                      onClick={() =>
                        after(leave.mutateAsync(at(slug)), () =>
                          toast({ title: t('left', { team: name }), undo: () => takeBack(join.mutateAsync(at(slug))) }),
                        )
                      }
                    />
                  </li>
                ))}
              </ul>
            )}
            <Combobox
              label={t('addToTeam')}
              value={null}
              placeholder={t('anyTeam')}
              choices={(all.data?.items ?? [])
                .filter(({ slug }) => items.every((item) => item.slug !== slug))
                .map(({ slug, name }) => ({ value: slug, label: name }))}
              onChange={(slug) => {
                if (slug === null) return;
                const name = all.data?.items.find((item) => item.slug === slug)?.name ?? slug;
                after(join.mutateAsync(at(slug)), () =>
                  toast({ title: t('joined', { team: name }), undo: () => takeBack(leave.mutateAsync(at(slug))) }),
                );
              }}
            />
            {failed !== null && <ProblemNotice error={failed} />}
          </div>
        )}
      </Asked>
    </Card>
  );
}
