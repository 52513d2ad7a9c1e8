import { useMutation } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { ApiError } from '@mcpnest/contract/caller';
import { ProblemNotice } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { checkCallProof } from './proof-check.ts';
import type { CallProof, Proved } from './proof-check.ts';
import { saveFile } from '../../save-file.ts';

interface Checked {
  readonly proof: CallProof;
  readonly good: Proved | null;
  readonly why: string;
}

/** The proof of a call, fetched and checked here. */
export function CallProofCard({ call }: { readonly call: string }) {
  const workspace = useWorkspace();
  const check = useMutation({
    mutationFn: async (): Promise<Checked> => {
      const proof = await client.proofs.show({ params: { workspace, call } });
      try {
        return { proof, good: await checkCallProof(proof, call), why: '' };
      } catch (error) {
        if (error instanceof ApiError) throw error;
        return { proof, good: null, why: error instanceof Error ? error.message : String(error) };
      }
    },
  });
  const { data } = check;
  return (
    <Card
      title={t('proof')}
      about={t('proofAbout')}
      actions={
        <Button busy={check.isPending} onClick={() => check.mutate()}>
          {t('proofVerify')}
        </Button>
      }
    >
      <div aria-live="polite" className="flex flex-col gap-3">
        {check.error !== null && <ProblemNotice error={check.error} onRetry={() => check.mutate()} />}
        {data !== undefined && (
          <Notice
            tone={data.good === null ? 'bad' : 'ok'}
            title={data.good === null ? t('proofBad', { why: data.why }) : t('proofGood', { count: data.good.lines })}
            action={
              <Button
                small
                onClick={() =>
                  saveFile(
                    `mcpnest-proof-${call}.json`,
                    new Blob([JSON.stringify(data.proof)], { type: 'application/json' }),
                  )
                }
              >
                {t('proofSave')}
              </Button>
            }
          >
            {data.good !== null &&
              t('proofGoodAbout', { size: formatNumber(data.good.size), key: data.good.key.slice(0, 12) })}
          </Notice>
        )}
      </div>
    </Card>
  );
}
