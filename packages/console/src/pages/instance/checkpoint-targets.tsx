import type { CheckpointTarget } from '@mcpnest/contract/schemas/proofs';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useAction } from '../../components/use-action.ts';
import { t } from '../../strings/instance.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { CheckpointTargetAdd } from './checkpoint-target-add.tsx';

/** Where checkpoints are published. */
export function CheckpointTargets() {
  const query = useQuery(apiQuery('checkpointTargets', 'list', {}));
  return (
    <Card title={t('targets')} about={t('targetsAbout')} actions={<CheckpointTargetAdd />}>
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noTargets')}</p>
          ) : (
            <ul className="divide-y divide-line">
              {items.map((target) => (
                <Target key={target.id} target={target} />
              ))}
            </ul>
          )
        }
      </Asked>
    </Card>
  );
}

function Target({ target }: { readonly target: CheckpointTarget }) {
  const { id, name, kind, location, lastSuccessAt, lastError } = target;
  const test = useAction('checkpointTargets', 'test');
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
      <span className="min-w-0">
        <span className="font-medium">
          <UntrustedText text={name} limit={80} />
        </span>{' '}
        <span className="text-sm text-quiet">{t(kind)}</span>
        <span className="block text-sm text-quiet">
          <UntrustedText text={location} mono limit={120} />
        </span>
        {lastError !== null && (
          <span className="block text-sm text-bad">
            <UntrustedText text={lastError} limit={200} />
          </span>
        )}
      </span>
      <span className="flex items-center gap-2">
        {lastError !== null ? (
          <StatusWord tone="bad">{t('failing')}</StatusWord>
        ) : lastSuccessAt === null ? (
          <StatusWord tone="off">{t('waits')}</StatusWord>
        ) : (
          <StatusWord tone="ok">
            {t('publishing')} · <RelativeTime at={lastSuccessAt} />
          </StatusWord>
        )}
        <Button
          small
          look="quiet"
          busy={test.busy}
          onClick={() =>
            test.run({ params: { id } }, null, ({ ok, error }) =>
              toast(ok ? { title: t('published') } : { title: t('notPublished'), detail: error ?? '', tone: 'bad' }),
            )
          }
        >
          {t('test')}
        </Button>
        <Remove target={target} />
      </span>
    </li>
  );
}

function Remove({ target: { id, name } }: { readonly target: CheckpointTarget }) {
  const { busy, problem, run } = useAction('checkpointTargets', 'remove', { inForm: true });
  return (
    <ConfirmButton
      title={t('removeTitle', { name })}
      consequences={[t('removeWhat')]}
      action={t('remove')}
      typed={name}
      busy={busy}
      problem={problem}
      onConfirm={() => run({ params: { id } }, { title: t('removed') })}
    />
  );
}
