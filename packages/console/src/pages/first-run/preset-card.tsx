import { useQuery } from '@tanstack/react-query';
import { apiQuery, useChange } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { useMay } from '../../components/workspace.tsx';
import { t } from '../../strings/first-run.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { toast } from '../../ui/toast.tsx';

type Preset = 'open' | 'strict';
const wordOf = (preset: Preset): string => (preset === 'strict' ? t('strict') : t('openPreset'));

/** What holds where no rule says anything: everything, or nothing. */
export function PresetCard({ workspace }: { readonly workspace: string }) {
  const params = { workspace };
  const mayChange = useMay('workspaces.update');
  const query = useQuery(apiQuery('workspaces', 'show', { params }));
  const change = useChange('workspaces', 'update', ['tools', 'access']);
  const choose = (preset: Preset, before: Preset | undefined): void =>
    change.mutate(
      { params, body: { settings: { access: { preset } } } },
      {
        onSuccess: () =>
          toast({
            title: t('presetNow', { preset: wordOf(preset) }),
            ...(before !== undefined && { undo: () => choose(before, undefined) }),
          }),
      },
    );
  return (
    <Asked query={query} rows={3}>
      {({ settings: { access } }) => (
        <Card title={t('preset')} about={mayChange ? undefined : t('presetOwner')}>
          <div className="flex flex-col gap-4">
            {mayChange ? (
              <RadioCards<Preset>
                label={t('presetLabel')}
                value={access.preset}
                columns={2}
                choices={[
                  { value: 'strict', label: t('strict'), help: t('strictHelp') },
                  { value: 'open', label: t('openPreset'), help: t('openHelp') },
                ]}
                onChange={(preset) => choose(preset, access.preset)}
              />
            ) : (
              <p>{access.preset === 'strict' ? t('strictHelp') : t('openHelp')}</p>
            )}
            {change.error !== null && <ProblemNotice error={change.error} />}
            {access.preset === 'strict' && <OwnRule workspace={workspace} />}
          </div>
        </Card>
      )}
    </Asked>
  );
}

/** In a strict workspace the person at the page needs a rule, too. */
function OwnRule({ workspace }: { readonly workspace: string }) {
  const { user } = useSession();
  const mayAsk = useMay('rules.create');
  const params = { workspace };
  const rules = useQuery({ ...apiQuery('rules', 'list', { params, query: {} }), enabled: mayAsk });
  const create = useChange('rules', 'create', ['tools', 'access']);
  if (!mayAsk || rules.data === undefined || rules.data.items.some(({ effect }) => effect === 'allow')) return null;
  const press = (): void =>
    create.mutate({ params, body: { effect: 'allow', subject: `member:${user.email}`, object: '*:@read' } });
  return (
    <div className="flex flex-col items-start gap-2">
      <p className="text-sm text-quiet">{t('needsRule')}</p>
      <Button busy={create.isPending} onClick={press}>
        {t('allowMe')}
      </Button>
      {create.error !== null && <ProblemNotice error={create.error} onRetry={press} />}
    </div>
  );
}
