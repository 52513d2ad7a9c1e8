import type { WebhookEvent } from '@mcpnest/contract/schemas/webhooks';
import { useState } from 'react';
import type { AnswerOf } from '../../api/queries.ts';
import { webhookEvents } from '../../api/webhook-events.precomputed.ts';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings-webhooks.ts';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { MakeDialog } from '../../ui/make-dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { attemptFault } from './webhook-words.tsx';

export interface WebhookAddProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Add a webhook, then show its secret this once with how the first delivery went. */
export const WebhookAdd = ({ open, onClose }: WebhookAddProps) => (
  <MakeDialog<AnswerOf<'webhooks', 'create'>>
    open={open}
    onClose={onClose}
    title={t('add')}
    about={t('addAbout')}
    madeTitle={t('secretTitle')}
    renderForm={(onMade) => <Fields onClose={onClose} onIssued={onMade} />}
    renderMade={(issued) => <Issued issued={issued} onDone={onClose} />}
  />
);

function Issued({ issued, onDone }: { readonly issued: AnswerOf<'webhooks', 'create'>; readonly onDone: () => void }) {
  const why = attemptFault(issued.test);
  return (
    <SecretOnce name={t('secret')} secret={issued.secret} onDone={onDone}>
      <Notice tone={why === null ? 'ok' : 'warn'} title={why === null ? t('firstOk') : t('firstFailed', { why })} />
    </SecretOnce>
  );
}

interface FieldsProps {
  readonly onClose: () => void;
  readonly onIssued: (issued: AnswerOf<'webhooks', 'create'>) => void;
}

function Fields({ onClose, onIssued }: FieldsProps) {
  const workspace = useWorkspace();
  const [url, setUrl] = useState('');
  const [note, setNote] = useState('');
  const [all, setAll] = useState(true);
  const [events, setEvents] = useState<readonly WebhookEvent[]>([]);
  const { busy, problem, run } = useAction('webhooks', 'create', { inForm: true });
  return (
    <Form
      submit={t('add')}
      busy={busy}
      problem={problem}
      disabled={url.trim() === '' || (!all && events.length === 0)}
      onCancel={onClose}
      onSubmit={() =>
        run(
          { params: { workspace }, body: { ...{ url: url.trim(), note }, ...(all ? {} : { events: [...events] }) } },
          null,
          onIssued,
        )
      }
    >
      <TextField
        label={t('url')}
        name="url"
        type="url"
        mono
        help={t('urlHelp')}
        value={url}
        onChange={setUrl}
        error={problem?.errors['url']}
      />
      <TextField
        label={t('note')}
        name="note"
        optional
        value={note}
        onChange={setNote}
        error={problem?.errors['note']}
      />
      <Checkbox label={t('everything')} checked={all} onChange={setAll} />
      {!all && (
        <div role="group" aria-label={t('events')} className="grid gap-1.5 sm:grid-cols-2">
          {webhookEvents.map((event) => (
            <Checkbox
              key={event}
              label={<span className="font-mono text-sm">{event}</span>}
              checked={events.includes(event)}
              onChange={(checked) => setEvents(checked ? [...events, event] : events.filter((one) => one !== event))}
            />
          ))}
        </div>
      )}
    </Form>
  );
}
