import type { Retention } from '@mcpnest/contract/schemas/retention';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf, toastFault } from '../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { formatNumber, formatTime } from '../../strings/catalogue.ts';
import { t } from '../../strings/settings-records.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { toast } from '../../ui/toast.tsx';

/** The term, what waits to shorten it, and the way to change it. */
export function RetentionCard() {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('retention', 'show', { params: { workspace } }));
  const maySet = useMay('retention.set');
  return (
    <Card title={t('term')} about={t('termAbout')}>
      <Asked query={query} rows={4}>
        {(retention) => (
          <div className="flex flex-col gap-5">
            {retention.shortening !== null && (
              <Notice
                tone="warn"
                title={t('shortening', {
                  when: formatTime(retention.shortening.effectiveAt),
                })}
              >
                {t('shorteningAbout', {
                  calls: retention.shortening.calls,
                  days: retention.shortening.ofDays,
                  by: retention.shortening.requestedBy,
                })}
              </Notice>
            )}
            <Facts retention={retention} />
            {maySet && <Term key={retention.days} days={retention.days} />}
          </div>
        )}
      </Asked>
    </Card>
  );
}

const Facts = ({ retention: { days, daysInForce, eventDays, lastRun } }: { readonly retention: Retention }) => (
  <KeyValueList
    items={{
      [t('kept')]: t('days', { count: days }),
      [t('inForce')]: t('days', { count: daysInForce }),
      [t('changesKept')]: t('days', { count: eventDays }),
      [t('lastRun')]:
        lastRun === null
          ? t('never')
          : `${lastRun.on}: ${t('deleted', {
              calls: formatNumber(lastRun.calls),
              events: formatNumber(lastRun.events),
              held: formatNumber(lastRun.held),
            })}`,
    }}
  />
);

function Term({ days }: { readonly days: number }) {
  const params = { workspace: useWorkspace() };
  const [text, setText] = useState(String(days));
  const [asking, setAsking] = useState(false);
  const change = useChange('retention', 'set', ['workspaces']);
  const problem = faultOf(change.error);
  const send = (): void => {
    setAsking(false);
    change.mutateAsync({ params, body: { days: Number(text) } }).then(
      () =>
        toast({
          title: t('saved'),
          undo: () => change.mutate({ params, body: { days } }, { onError: toastFault }),
        }),
      () => undefined,
    );
  };
  return (
    <div className="max-w-60">
      <Form
        submit={t('saveTerm')}
        busy={change.isPending}
        problem={problem}
        disabled={text === String(days)}
        onSubmit={() => (Number(text) < days ? setAsking(true) : send())}
      >
        <TextField
          label={t('daysLabel')}
          name="days"
          inputMode="numeric"
          help={t('daysHelp')}
          value={text}
          onChange={setText}
          error={problem?.errors['days']}
        />
      </Form>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('shortenTitle', { days: text })}
        consequences={[t('shortenWhat', { days: text }), t('shortenHolds'), t('shortenUndo')]}
        action={t('shorten')}
        typed={text}
        onConfirm={send}
      />
    </div>
  );
}
