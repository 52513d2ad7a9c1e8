import type { Sink } from '@mcpnest/contract/schemas/sinks';
import { useState } from 'react';
import { t } from '../../strings/sinks.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { toast } from '../../ui/toast.tsx';
import { toastFault } from '../fault-of.ts';
import { sinksApi, useSinkChange } from './sinks-api.ts';

export interface SinkActionsProps {
  readonly sink: Sink;
  readonly workspace: string | null;
}

/** Test, pause, remove. */
export function SinkActions({ sink, workspace }: SinkActionsProps) {
  const api = sinksApi(workspace);
  const test = useSinkChange(api.noun, api.test);
  const pause = useSinkChange(api.noun, api.pause);
  const resume = useSinkChange(api.noun, api.resume);
  const remove = useSinkChange(api.noun, api.remove);
  const [asking, setAsking] = useState(false);
  return (
    <span className="flex justify-end gap-1">
      <Button
        small
        look="quiet"
        busy={test.isPending}
        onClick={() =>
          void test.mutateAsync(sink.id).then(({ ok, error }) => {
            if (ok) toast({ title: t('testOk') });
            else toast({ title: t('testBad'), tone: 'bad', ...(error === null ? {} : { detail: error }) });
          }, toastFault)
        }
      >
        {t('test')}
      </Button>
      {sink.pausedSince === null ? (
        <Button
          small
          look="quiet"
          busy={pause.isPending}
          onClick={() =>
            void pause
              .mutateAsync(sink.id)
              .then(
                () => toast({ title: t('pausedNow'), undo: () => resume.mutate(sink.id, { onError: toastFault }) }),
                toastFault,
              )
          }
        >
          {t('pause')}
        </Button>
      ) : (
        <Button
          small
          look="quiet"
          busy={resume.isPending}
          onClick={() => void resume.mutateAsync(sink.id).then(() => toast({ title: t('resumed') }), toastFault)}
        >
          {t('resume')}
        </Button>
      )}
      <Button small look="danger" onClick={() => setAsking(true)}>
        {t('remove')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('removeTitle', { name: sink.name })}
        consequences={[t('removeWaiting', { count: sink.lag.rows }), t('removeSecret')]}
        action={t('remove')}
        typed={sink.name}
        busy={remove.isPending}
        onConfirm={() => void remove.mutateAsync(sink.id).then(() => toast({ title: t('removed') }), toastFault)}
      />
    </span>
  );
}
