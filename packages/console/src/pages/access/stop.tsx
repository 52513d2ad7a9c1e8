import type { Stop } from '@mcpnest/contract/schemas/stops';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access.ts';
import { formatTime } from '../../strings/catalogue.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { toast } from '../../ui/toast.tsx';

/** The stop that holds for somebody or something at the moment. */
export function useStopOf(target: string): Stop | undefined {
  const workspace = useWorkspace();
  const { data } = useQuery({
    ...apiQuery('stops', 'list', { params: { workspace } }),
    enabled: useMay('stops.list'),
  });
  return data?.items.find((stop) => stop.active && stop.target === target);
}

export interface StopButtonProps {
  /** As the API takes it: `member:<email>`, `machine:<name>`, `token:<id>`. */
  readonly target: string;
  readonly name: string;
}

/** Stops somebody at once; nothing while a stop holds already. */
export function StopButton({ target, name }: StopButtonProps) {
  const [open, setOpen] = useState(false);
  const held = useStopOf(target);
  const mayStop = useMay('stops.create');
  if (held !== undefined || !mayStop) return null;
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        {t('stop')}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t('stopAsk', { name })} about={t('stopAbout')}>
        {open && <StopForm target={target} name={name} onDone={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function StopForm({ target, name, onDone }: StopButtonProps & { readonly onDone: () => void }) {
  const workspace = useWorkspace();
  const create = useChange('stops', 'create', ['access']);
  const lift = useChange('stops', 'remove', ['access']);
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState('');
  const [machines, setMachines] = useState(true);
  const problem = faultOf(create.error);
  return (
    <Form
      submit={t('stopSubmit')}
      busy={create.isPending}
      problem={problem}
      disabled={reason.trim() === ''}
      onCancel={onDone}
      onSubmit={() =>
        after(
          create.mutateAsync({
            params: { workspace },
            body: { target, reason, machines, ...(minutes === '' ? {} : { expiresInMinutes: Number(minutes) }) },
          }),
          ({ id }) => {
            onDone();
            toast({
              title: t('stopDone', { name }),
              undo: () => takeBack(lift.mutateAsync({ params: { workspace, stop: id } })),
            });
          },
        )
      }
    >
      <TextField
        label={t('stopReason')}
        help={t('stopReasonHelp')}
        value={reason}
        onChange={setReason}
        error={problem?.errors['reason']}
      />
      <TextField
        label={t('stopMinutes')}
        optional
        type="number"
        min={1}
        value={minutes}
        onChange={setMinutes}
        error={problem?.errors['expiresInMinutes']}
      />
      {target.startsWith('member:') && <Checkbox label={t('stopMachines')} checked={machines} onChange={setMachines} />}
    </Form>
  );
}

/** Says that a stop holds, and lifts it. */
export function StopNotice({ stop, name }: { readonly stop: Stop; readonly name: string }) {
  const workspace = useWorkspace();
  const lift = useChange('stops', 'remove', ['access']);
  return (
    <Notice
      tone="bad"
      title={t('stopNotice', { at: formatTime(stop.createdAt), by: stop.createdBy })}
      action={
        <Button
          small
          busy={lift.isPending}
          onClick={() =>
            takeBack(lift.mutateAsync({ params: { workspace, stop: stop.id } }), () =>
              toast({ title: t('lifted', { name }) }),
            )
          }
        >
          {t('lift')}
        </Button>
      }
    >
      {stop.reason}
    </Notice>
  );
}
