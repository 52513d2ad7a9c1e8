import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-security.ts';
import { Card } from '../../ui/card.tsx';
import { AccessFrame } from './access-frame.tsx';
import { AllowlistEditor } from './allowlist-editor.tsx';
import { ModeCard } from './mode-card.tsx';
import { MemberPicker } from './pickers.tsx';
import { TokenTable } from './token-table.tsx';

/** Member tokens, allowlists and the switch that makes them hold. */
export const SecurityPage = () => (
  <AccessFrame
    about={t('about')}
    same={['rules set <member> github:list_issues', 'PUT /members/{member}/allowlist']}
    needs={['allowlists.show', t('what')]}
  >
    <Security />
  </AccessFrame>
);

function Security() {
  const workspace = useWorkspace();
  const [{ member: chosen }, setFilters] = useFilters(['member']);
  const members = useQuery(apiQuery('members', 'list', { params: { workspace } }));
  return (
    <>
      <ModeCard />
      <Card title={t('memberTitle')} about={t('memberAbout')}>
        <Asked query={members} rows={2}>
          {({ items }) => {
            const member = items.find(({ id }) => id === chosen);
            return (
              <div className="flex flex-col gap-6">
                <div className="max-w-md">
                  <MemberPicker
                    label={t('member')}
                    value={member?.id ?? null}
                    onChange={(next) => setFilters({ member: next?.id })}
                  />
                </div>
                {member === undefined ? (
                  <p className="text-quiet">{t('choose')}</p>
                ) : (
                  <>
                    <section aria-label={t('tokens')} className="flex flex-col gap-2">
                      <h3 className="font-medium">{t('tokens')}</h3>
                      <TokenTable holder={{ memberId: member.id }} />
                    </section>
                    <AllowlistEditor key={member.id} member={member} />
                  </>
                )}
              </div>
            );
          }}
        </Asked>
      </Card>
    </>
  );
}
