import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useState } from 'react';
import { t } from '../../strings/settings.ts';
import { Card } from '../../ui/card.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { useSettingsChange } from './use-settings-change.ts';

/** What people call the workspace. */
export function NameCard({ workspace }: { readonly workspace: Workspace }) {
  const [name, setName] = useState(workspace.name);
  const { save, busy, problem } = useSettingsChange();
  return (
    <Card title={t('name')} about={t('nameAbout')}>
      <div className="max-w-sm">
        <Form
          submit={t('saveName')}
          busy={busy}
          problem={problem}
          disabled={name.trim() === '' || name === workspace.name}
          onSubmit={() => save({ name }, { name: workspace.name })}
        >
          <TextField label={t('name')} name="name" value={name} onChange={setName} error={problem?.errors['name']} />
        </Form>
      </div>
    </Card>
  );
}
