import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useState } from 'react';
import { t } from '../../strings/settings.ts';
import { Card } from '../../ui/card.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { useSettingsChange } from './use-settings-change.ts';

type Limits = Workspace['settings']['limits'];
const names = ['principalPerMinute', 'workspacePerMinute', 'writePerMinute', 'principalConcurrency'] as const;

/** What is typed, as the API takes it: an empty field is no ceiling, anything else a number or what it complains of. */
const read = (text: string): number | null => (text.trim() === '' ? null : Number(text));

/** How much may be called. */
export function LimitsCard({ limits }: { readonly limits: Limits }) {
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(names.map((name) => [name, String(limits[name] ?? '')])),
  );
  const { save, busy, problem } = useSettingsChange();
  const changed = names.filter((name) => draft[name] !== String(limits[name] ?? ''));
  return (
    <Card title={t('limits')} about={t('limitsAbout')}>
      <Form
        submit={t('saveLimits')}
        busy={busy}
        problem={problem}
        disabled={changed.length === 0}
        onSubmit={() =>
          save(
            { settings: { limits: Object.fromEntries(changed.map((name) => [name, read(draft[name] ?? '')])) } },
            { settings: { limits } },
          )
        }
      >
        <div className="grid gap-4 sm:grid-cols-2">
          {names.map((name) => (
            <TextField
              key={name}
              label={t(name)}
              name={name}
              inputMode="numeric"
              help={t(`${name}Help`)}
              placeholder={name === 'principalConcurrency' ? '' : t('noCeiling')}
              value={draft[name] ?? ''}
              onChange={(value) => setDraft({ ...draft, [name]: value })}
              error={problem?.errors[`settings.limits.${name}`]}
            />
          ))}
        </div>
      </Form>
    </Card>
  );
}
