import type { Sink } from '@mcpnest/contract/schemas/sinks';
import { t } from '../../strings/sinks.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { toast } from '../../ui/toast.tsx';
import { useActionOf } from '../use-action.ts';
import { sinksApi } from './sinks-api.ts';

export interface SinkActionsProps {
  readonly sink: Sink;
  readonly workspace: string | null;
}

/** Test, pause, remove. */
export function SinkActions({ sink: { id, name, lag, pausedSince }, workspace }: SinkActionsProps) {
  const api = sinksApi(workspace);
  const test = useActionOf(api.noun, api.test);
  const pause = useActionOf(api.noun, api.pause);
  const resume = useActionOf(api.noun, api.resume);
  const remove = useActionOf(api.noun, api.remove, { inForm: true });
  return (
    <span className="flex justify-end gap-1">
      <Button
        small
        look="quiet"
        busy={test.busy}
        onClick={() =>
          test.run(id, null, ({ ok, error }) =>
            toast(
              ok
                ? { title: t('testOk') }
                : { title: t('testBad'), tone: 'bad', ...(error === null ? {} : { detail: error }) },
            ),
          )
        }
      >
        {t('test')}
      </Button>
      {pausedSince === null ? (
        <Button
          small
          look="quiet"
          busy={pause.busy}
          onClick={() => pause.run(id, { title: t('pausedNow'), undo: () => resume.run(id, null) })}
        >
          {t('pause')}
        </Button>
      ) : (
        <Button small look="quiet" busy={resume.busy} onClick={() => resume.run(id, { title: t('resumed') })}>
          {t('resume')}
        </Button>
      )}
      <ConfirmButton
        title={t('removeTitle', { name })}
        consequences={[t('removeWaiting', { count: lag.rows }), t('removeSecret')]}
        action={t('remove')}
        typed={name}
        busy={remove.busy}
        problem={remove.problem}
        onConfirm={() => remove.run(id, { title: t('removed') })}
      />
    </span>
  );
}
