import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings.ts';
import { Card } from '../../ui/card.tsx';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { Form } from '../../ui/form.tsx';
import { toggled } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { useSettingsChange } from './use-settings-change.ts';

/** Whose manifests take effect without an administrator. */
export function PublishingCard({ publishing }: { readonly publishing: Workspace['settings']['publishing'] }) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('teams', 'list', { params: { workspace } }));
  const [draft, setDraft] = useState<ReadonlySet<string>>(new Set(publishing.teams));
  const { save, busy, problem } = useSettingsChange();
  const same = draft.size === publishing.teams.length && publishing.teams.every((team) => draft.has(team));
  return (
    <Card title={t('publishing')} about={t('publishingAbout')}>
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noTeams')}</p>
          ) : (
            <Form
              submit={t('savePublishing')}
              busy={busy}
              problem={problem}
              disabled={same}
              onSubmit={() => save({ settings: { publishing: { teams: [...draft] } } }, { settings: { publishing } })}
            >
              {items.map(({ slug, name }) => (
                <Checkbox
                  key={slug}
                  label={<UntrustedText text={name} limit={100} />}
                  checked={draft.has(slug)}
                  onChange={() => setDraft(toggled(draft, slug))}
                />
              ))}
            </Form>
          )
        }
      </Asked>
    </Card>
  );
}
