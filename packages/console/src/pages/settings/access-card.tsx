import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useState } from 'react';
import { t } from '../../strings/settings.ts';
import { Card } from '../../ui/card.tsx';
import { RadioCards, Switch } from '../../ui/choice-controls.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { useSettingsChange } from './use-settings-change.ts';

type Access = Workspace['settings']['access'];

/** Who may call what where no rule says so. */
export function AccessCard({ access }: { readonly access: Access }) {
  const [draft, setDraft] = useState(access);
  const [asking, setAsking] = useState(false);
  const { save, busy, problem } = useSettingsChange();
  const tightens =
    (draft.preset === 'strict' && access.preset === 'open') || (draft.enforcement && !access.enforcement);
  const send = (): void => {
    setAsking(false);
    save({ settings: { access: draft } }, { settings: { access } });
  };
  return (
    <Card title={t('accessTitle')} about={t('accessAbout')}>
      <Form
        submit={t('saveAccess')}
        busy={busy}
        problem={problem}
        disabled={draft.preset === access.preset && draft.enforcement === access.enforcement}
        onSubmit={() => (tightens ? setAsking(true) : send())}
      >
        <RadioCards
          label={t('preset')}
          columns={2}
          value={draft.preset}
          choices={(['open', 'strict'] as const).map((value) => ({ value, label: t(value), help: t(`${value}Help`) }))}
          onChange={(preset) => setDraft({ preset, enforcement: preset === 'strict' || draft.enforcement })}
        />
        <Switch
          label={t('enforcement')}
          help={draft.preset === 'strict' ? t('enforcementStrict') : t('enforcementHelp')}
          checked={draft.enforcement}
          disabled={draft.preset === 'strict'}
          onChange={(enforcement) => setDraft({ ...draft, enforcement })}
        />
      </Form>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('tighten')}
        consequences={[
          draft.preset === 'strict' ? t('tightenStrict') : t('tightenEnforce'),
          t('tightenSoon'),
          t('tightenUndo'),
        ]}
        action={t('tightenAction')}
        busy={busy}
        onConfirm={send}
      />
    </Card>
  );
}
