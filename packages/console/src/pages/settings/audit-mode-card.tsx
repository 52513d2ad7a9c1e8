import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useState } from 'react';
import { t } from '../../strings/settings.ts';
import { Card } from '../../ui/card.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { Form } from '../../ui/form.tsx';
import { useSettingsChange } from './use-settings-change.ts';

type Mode = Workspace['settings']['auditMode'];

/** What happens to calls when the journal fails. */
export function AuditModeCard({ mode }: { readonly mode: Mode }) {
  const [draft, setDraft] = useState(mode);
  const { save, busy, problem } = useSettingsChange();
  return (
    <Card title={t('auditMode')} about={t('auditAbout')}>
      <Form
        submit={t('saveAudit')}
        busy={busy}
        problem={problem}
        disabled={draft === mode}
        onSubmit={() => save({ settings: { auditMode: draft } }, { settings: { auditMode: mode } })}
      >
        <RadioCards
          label={t('auditMode')}
          columns={2}
          value={draft}
          choices={[
            { value: 'available', label: t('available'), help: t('availableHelp') },
            { value: 'strict', label: t('strict'), help: t('strictAuditHelp') },
          ]}
          onChange={setDraft}
        />
      </Form>
    </Card>
  );
}
