import type { Rule } from '@mcpnest/contract/schemas/rules';
import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-rules.ts';
import { t as words } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { SidePanel } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { Effect, hasEnded, Until } from './rule-columns.tsx';

export interface RulePanelProps {
  readonly rule: Rule | undefined;
  readonly onClose: () => void;
}

/** One rule: what it says, its note and its end, which can be changed, and the way to be rid of it. */
export const RulePanel = ({ rule, onClose }: RulePanelProps) => (
  <SidePanel open={rule !== undefined} onClose={onClose} title={t('panel')}>
    {rule !== undefined && <Details key={rule.id} rule={rule} onClose={onClose} />}
  </SidePanel>
);

const affected = ['allowlists', 'access', 'policy'] as const;

function Details({ rule, onClose }: { readonly rule: Rule; readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const update = useChange('rules', 'update', affected);
  const remove = useChange('rules', 'remove', affected);
  const create = useChange('rules', 'create', affected);
  const [note, setNote] = useState(rule.note);
  const [days, setDays] = useState('');
  const problem = faultOf(update.error);
  const params = { workspace, rule: rule.id };
  const asBefore = { note: rule.note, expiresAt: rule.expiresAt };
  const change = (body: { note?: string; expiresAt?: string; expiresInDays?: number }): void =>
    after(update.mutateAsync({ params, body }), () => {
      onClose();
      toast({ title: t('saved'), undo: () => takeBack(update.mutateAsync({ params, body: asBefore })) });
    });
  function takeAway(): void {
    const { effect, subject, object, absolute } = rule;
    const body = { effect, subject, object, absolute, ...asBefore };
    const restore = (): void =>
      takeBack(create.mutateAsync({ params: { workspace }, body }), () => toast({ title: t('restored') }));
    after(remove.mutateAsync({ params }), () => {
      onClose();
      toast({ title: t('removed'), undo: restore });
    });
  }
  return (
    <div className="flex flex-col gap-6">
      <KeyValueList
        items={{
          [t('effect')]: <Effect effect={rule.effect} />,
          [t('subject')]: <UntrustedText text={rule.subject} />,
          [t('object')]: <UntrustedText mono text={rule.object} />,
          [t('until')]: <Until rule={rule} />,
          [t('made')]: <RelativeTime at={rule.createdAt} />,
          [t('by')]: <UntrustedText text={rule.createdBy} />,
          ID: (
            <span className="flex items-center gap-1">
              <span className="truncate font-mono text-sm">{rule.id}</span>
              <CopyButton text={rule.id} label={words('copyId')} />
            </span>
          ),
        }}
      />
      <Form
        submit={t('save')}
        busy={update.isPending}
        problem={problem}
        disabled={note === rule.note && days === ''}
        onSubmit={() => change({ note, ...(days === '' ? {} : { expiresInDays: Number(days) }) })}
      >
        <TextField label={t('note')} optional value={note} onChange={setNote} error={problem?.errors['note']} />
        <TextField
          label={t('days')}
          optional
          type="number"
          min={1}
          value={days}
          onChange={setDays}
          error={problem?.errors['expiresInDays']}
        />
      </Form>
      <div className="flex flex-col gap-3 border-t border-line pt-4">
        {!hasEnded(rule) && (
          <div className="flex items-center justify-between gap-4">
            <p className="text-sm text-quiet">{t('endNowHelp')}</p>
            <Button busy={update.isPending} onClick={() => change({ expiresAt: new Date().toISOString() })}>
              {t('endNow')}
            </Button>
          </div>
        )}
        <div className="flex items-center justify-between gap-4">
          <p className="text-sm text-quiet">{t('removeHelp')}</p>
          <Button look="danger" busy={remove.isPending} onClick={takeAway}>
            {words('remove')}
          </Button>
        </div>
      </div>
    </div>
  );
}
