import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { roleIn } from '../../capabilities.ts';
import { Asked } from '../../components/asked.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-security.ts';
import { Card } from '../../ui/card.tsx';
import { RadioCards, Switch } from '../../ui/choice-controls.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { ChangeMode } from './change-mode.tsx';
import type { ModeChange } from './change-mode.tsx';

/** Open or strict, enforced or not; an owner changes it once they have seen what would change. */
export function ModeCard() {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  return (
    <Card title={t('mode')} about={t('modeAbout')}>
      <Asked query={query}>{({ settings }) => <Mode access={settings.access} />}</Asked>
    </Card>
  );
}

type Access = Workspace['settings']['access'];

function Mode({ access }: { readonly access: Access }) {
  const workspace = useWorkspace();
  const role = roleIn(useSession(), workspace) ?? '';
  const mayChange = useMay('workspaces.update');
  const [asked, setAsked] = useState<ModeChange | null>(null);
  const strict = access.preset === 'strict';
  const enforced = strict || access.enforcement;
  const help = strict ? t('enforcementStrict') : enforced ? t('enforcementOn') : t('enforcementOff');
  if (!mayChange)
    return (
      <div className="flex flex-col gap-2">
        <p className="flex flex-wrap items-center gap-x-3">
          <StatusWord tone={strict ? 'ok' : 'warn'}>{strict ? t('strict') : t('open')}</StatusWord>
          <span className="text-quiet">{strict ? t('strictHelp') : t('openHelp')}</span>
        </p>
        <p className="flex flex-wrap items-center gap-x-3">
          <StatusWord tone={enforced ? 'ok' : 'off'}>{t('enforcement')}</StatusWord>
          <span className="text-quiet">{help}</span>
        </p>
        <p className="text-sm text-quiet">{t('ownerOnly', { role })}</p>
      </div>
    );
  return (
    <div className="flex flex-col gap-5">
      <RadioCards
        label={t('mode')}
        value={access.preset}
        columns={2}
        choices={[
          { value: 'open', label: t('open'), help: t('openHelp') },
          { value: 'strict', label: t('strict'), help: t('strictHelp') },
        ]}
        onChange={(preset) => preset !== access.preset && setAsked({ preset })}
      />
      <Switch
        label={t('enforcement')}
        help={help}
        checked={enforced}
        disabled={strict}
        onChange={(enforcement) => setAsked({ enforcement })}
      />
      <ChangeMode change={asked} before={access} onClose={() => setAsked(null)} />
    </div>
  );
}
