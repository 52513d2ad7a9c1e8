import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useAction } from '../../components/use-action.ts';
import { t } from '../../strings/instance.ts';
import { Card } from '../../ui/card.tsx';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';

/** The keys that sign checkpoints, with who vouches for each. */
export function SigningKeys() {
  const query = useQuery(apiQuery('proofKeys', 'list', {}));
  const { busy, problem, run } = useAction('proofKeys', 'rotate', { also: ['checkpointTargets'], inForm: true });
  return (
    <Card
      title={t('signingKeys')}
      about={t('signingKeysAbout')}
      actions={
        <ConfirmButton
          look="plain"
          title={t('rotateTitle')}
          consequences={[t('rotateWhat'), t('rotateSigned')]}
          action={t('rotate')}
          busy={busy}
          problem={problem}
          onConfirm={(close) => run({ body: {} }, { title: t('rotated') }, close)}
        />
      }
    >
      <Asked query={query} rows={2}>
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map(({ publicKey, since, previous, signedByPrevious }) => (
              <li key={publicKey} className="flex flex-wrap items-center justify-between gap-x-4 py-2">
                <span className="flex min-w-0 items-center gap-1">
                  <span className="font-mono text-sm break-all">{publicKey}</span>
                  <CopyButton text={publicKey} />
                </span>
                <span className="text-sm text-quiet">
                  {previous === null ? t('first') : signedByPrevious === null ? t('lost') : t('byBefore')} ·{' '}
                  <RelativeTime at={since} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Asked>
    </Card>
  );
}
