import type { CallExplanation } from '@mcpnest/contract/schemas/explanations';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

const verdicts = {
  same: ['ok', t('explainSame')],
  different: ['bad', t('explainDifferent')],
  'not-decided': ['off', t('explainNotDecided')],
  unproven: ['warn', t('explainUnproven')],
} as const;

/** The policy of then, asked once more. */
export function CallExplanationCard({ call }: { readonly call: string }) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('calls', 'explain', { params: { workspace, call } }));
  return (
    <Card title={t('explain')} about={t('explainAbout')}>
      <Asked query={query} rows={4}>
        {(explanation) => <Explanation explanation={explanation} />}
      </Asked>
    </Card>
  );
}

function Explanation({ explanation }: { readonly explanation: CallExplanation }) {
  const { verdict, reason, decision, policy, caller } = explanation;
  const [tone, words] = verdicts[verdict];
  return (
    <div className="flex flex-col gap-4">
      <p>
        <StatusWord tone={tone}>{words}</StatusWord> <UntrustedText text={reason} />
      </p>
      <KeyValueList
        items={{
          ...(decision === null
            ? {}
            : {
                [t('rule')]: <UntrustedText mono text={decision.rule} />,
                [t('says')]: <UntrustedText text={decision.says} />,
                ...(decision.author === null
                  ? {}
                  : { [t('author')]: <UntrustedText text={decision.authorEmail ?? decision.author} /> }),
                ...(decision.wouldDeny === null
                  ? {}
                  : { [t('wouldDeny')]: <UntrustedText text={decision.wouldDeny} /> }),
              }),
          ...(caller === null
            ? {}
            : {
                [t('teams')]: (
                  <UntrustedText text={caller.teams.length === 0 ? t('noTeams') : caller.teams.join(', ')} />
                ),
              }),
          ...(policy === null
            ? {}
            : {
                [t('policyVersion')]: String(policy.version),
                [t('policySince')]: <RelativeTime at={policy.since} />,
                [t('policyDigest')]: (
                  <span>
                    <code className="font-mono text-sm break-all">{policy.digest}</code>{' '}
                    {policy.intact && policy.asRecorded !== false ? (
                      <StatusWord tone="ok">{t('policyIntact')}</StatusWord>
                    ) : (
                      <StatusWord tone="bad">{t('policyBroken')}</StatusWord>
                    )}
                  </span>
                ),
              }),
        }}
      />
    </div>
  );
}
