import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/settings.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { useSettingsChange } from './use-settings-change.ts';

/** Whether clients get every tool or three that find them, with what each costs. */
export function ToolListCard({ toolList }: { readonly toolList: Workspace['settings']['toolList'] }) {
  const [mode, setMode] = useState(toolList.mode);
  const [above, setAbove] = useState(String(toolList.autoAboveTokens));
  const { save, busy, problem } = useSettingsChange();
  return (
    <Card title={t('toolList')} about={t('toolListAbout')}>
      <div className="flex flex-col gap-5">
        <Form
          submit={t('saveToolList')}
          busy={busy}
          problem={problem}
          disabled={mode === toolList.mode && above === String(toolList.autoAboveTokens)}
          onSubmit={() =>
            save({ settings: { toolList: { mode, autoAboveTokens: Number(above) } } }, { settings: { toolList } })
          }
        >
          <RadioCards
            label={t('mode')}
            columns={3}
            value={mode}
            choices={(['all', 'auto', 'search'] as const).map((value) => ({
              ...{ value, label: t(value), help: t(`${value}Help`) },
            }))}
            onChange={setMode}
          />
          {mode === 'auto' && (
            <div className="max-w-60">
              <TextField
                label={t('above')}
                name="autoAboveTokens"
                inputMode="numeric"
                value={above}
                onChange={setAbove}
                error={problem?.errors['settings.toolList.autoAboveTokens']}
              />
            </div>
          )}
        </Form>
        <Weights />
      </div>
    </Card>
  );
}

function Weights() {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('toolWeights', 'show', { params: { workspace }, query: {} }));
  return (
    <Asked query={query} rows={3}>
      {({ all, search, recommendation, servers }) => (
        <div className="flex flex-col gap-3 border-t border-line pt-4">
          <h3 className="font-medium">{t('weights')}</h3>
          <p className="text-quiet">{recommendation}</p>
          <KeyValueList
            items={{
              [t('allWeigh', { count: all.tools })]: t('tokens', { count: all.tokens }),
              [t('searchWeighs')]: t('tokens', { count: search.tokens }),
            }}
          />
          {servers.length > 0 && (
            <ul aria-label={t('heaviest')} className="divide-y divide-line">
              {servers.slice(0, 5).map(({ server, tools, tokens }) => (
                <li key={server} className="flex justify-between gap-4 py-1.5">
                  <UntrustedText text={server} limit={60} />
                  <span className="text-sm text-quiet">
                    {formatNumber(tools)} · {t('tokens', { count: tokens })}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Asked>
  );
}
