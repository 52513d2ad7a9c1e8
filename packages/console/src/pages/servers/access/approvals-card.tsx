import type { ApprovalSetting } from '@mcpnest/contract/schemas/approvals';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { problemOf } from '../../../api/problem.ts';
import { apiQuery, useChange } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { faultOf } from '../../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-parts.ts';
import { Button } from '../../../ui/button.tsx';
import { Card } from '../../../ui/card.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/field.tsx';
import { Form } from '../../../ui/form.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { toast } from '../../../ui/toast.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';

/** Which calls of a server wait for somebody's approval. */
export function ApprovalsCard({ server }: { readonly server: string }) {
  const workspace = useWorkspace();
  const params = { workspace, server };
  const mayChange = useMay('approvalSettings.update');
  const [open, setOpen] = useState(false);
  const query = useQuery(apiQuery('approvalSettings', 'list', { params }));
  const update = useChange('approvalSettings', 'update', ['tools', 'access']);
  function waive({ target, approvers, expiresInMinutes }: ApprovalSetting): void {
    const put = (approval: 'required' | 'none', then: () => void): void =>
      update.mutate(
        { params, body: { settings: [{ target, approval, approvers, expiresInMinutes }] } },
        {
          onSuccess: then,
          onError: (error) => toast({ title: problemOf(error).title, detail: problemOf(error).detail, tone: 'bad' }),
        },
      );
    put('none', () => toast({ title: t('waived', { target }), undo: () => put('required', () => undefined) }));
  }
  return (
    <Card
      title={t('approvals')}
      about={t('approvalsAbout')}
      actions={
        mayChange && (
          <Button small onClick={() => setOpen(true)}>
            {t('addApproval')}
          </Button>
        )
      }
    >
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('approvalsNone')}</p>
          ) : (
            <ul className="flex flex-col divide-y divide-line">
              {items.map((setting) => (
                <li key={setting.target} className="flex items-center justify-between gap-4 py-2.5">
                  <span className="min-w-0">
                    <UntrustedText mono text={setting.target} />
                    <span className="block text-sm text-quiet">
                      {setting.approvers.length === 0
                        ? t('approversNone')
                        : t('approversAre', { who: setting.approvers.join(', ') })}
                      {' · '}
                      {t('minutesAre', { count: setting.expiresInMinutes })}
                      {' · '}
                      {setting.setBy} <RelativeTime at={setting.setAt} />
                    </span>
                  </span>
                  {mayChange && (
                    <Button small busy={update.isPending} onClick={() => waive(setting)}>
                      {t('waive')}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
      <Dialog open={open} onClose={() => setOpen(false)} title={t('approvalTitle')} about={t('approvalsAbout')}>
        {open && <ApprovalForm server={server} onClose={() => setOpen(false)} />}
      </Dialog>
    </Card>
  );
}

function ApprovalForm({ server, onClose }: { readonly server: string; readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const update = useChange('approvalSettings', 'update', ['tools', 'access']);
  const [target, setTarget] = useState('@destructive');
  const [approvers, setApprovers] = useState('');
  const [minutes, setMinutes] = useState('60');
  const problem = faultOf(update.error);
  const at = (field: string): string | undefined =>
    Object.entries(problem?.errors ?? {}).find(([path]) => path.startsWith(`settings.0.${field}`))?.[1];
  const setting = {
    ...{ target, approval: 'required' as const, expiresInMinutes: Number(minutes) },
    approvers: approvers.split(/[\n,]/).flatMap((each) => (each.trim() === '' ? [] : [each.trim()])),
  };
  return (
    <Form
      submit={t('addApproval')}
      busy={update.isPending}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        update.mutate({ params: { workspace, server }, body: { settings: [setting] } }, { onSuccess: onClose })
      }
    >
      <TextField
        label={t('target')}
        value={target}
        onChange={setTarget}
        help={t('targetHelp')}
        error={at('target')}
        mono
      />
      <TextField
        label={t('approvers')}
        value={approvers}
        onChange={setApprovers}
        help={t('approversHelp')}
        error={at('approvers')}
        optional
        mono
      />
      <TextField
        label={t('minutes')}
        type="number"
        min={5}
        max={1440}
        value={minutes}
        onChange={setMinutes}
        error={at('expiresInMinutes')}
      />
    </Form>
  );
}
