import type { CallPath } from '@mcpnest/contract/schemas/call-answers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { activityStart } from '../../components/area-start.ts';
import { ArgumentTable } from '../../components/argument-table.tsx';
import { Asked } from '../../components/asked.tsx';
import { CallOutcome } from '../../components/call-outcome.tsx';
import { TextLink } from '../../components/link.tsx';
import { Page } from '../../components/page.tsx';
import { useMay, usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/activity.ts';
import { formatDuration, formatNumber } from '../../strings/catalogue.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { CallExplanationCard } from './call-explanation.tsx';
import { CallProofCard } from './call-proof.tsx';

/** One call: the way it took, why, and its proof. */
export function CallPage() {
  const workspace = useWorkspace();
  const call = usePathPart('call');
  const mayExplain = useMay('calls.explain');
  const query = useQuery(apiQuery('calls', 'path', { params: { workspace, call } }));
  const said = query.data?.call;
  return (
    <Page
      title={said === undefined ? t('tabCalls') : t('callTitle', { tool: said.tool })}
      trail={[{ label: t('title'), to: activityStart(workspace, useSession()) }]}
      {...(said === undefined ? {} : { status: <CallOutcome {...said} /> })}
      cli={{
        command: `mcpnest audit path ${call} --workspace ${workspace}\nmcpnest audit explain ${call} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/calls/${call}/path\nGET /api/v1/workspaces/${workspace}/calls/${call}/explanation`,
      }}
    >
      <Asked query={query} rows={10}>
        {(path) => (
          <div className="flex flex-col gap-6">
            <Facts path={path} />
            <Way path={path} />
            {mayExplain && <CallExplanationCard call={call} />}
            <Card title={t('arguments')} about={t('argumentsAbout')}>
              <ArgumentTable label={t('argumentsOf')} shape={path.call.argsShape} />
            </Card>
            {mayExplain && <CallProofCard call={call} />}
          </div>
        )}
      </Asked>
    </Page>
  );
}

function Facts({ path: { call } }: { readonly path: CallPath }) {
  const workspace = useWorkspace();
  return (
    <KeyValueList
      items={{
        [t('time')]: <RelativeTime at={call.createdAt} />,
        [t('duration')]: formatDuration(call.latencyMs),
        [t('callId')]: (
          <span className="inline-flex items-center gap-1">
            <code className="font-mono text-sm break-all">{call.id}</code>
            <CopyButton text={call.id} />
          </span>
        ),
        ...(call.approvalId === null
          ? {}
          : {
              [t('approval')]: <TextLink to={paths.approval(workspace, call.approvalId)}>{call.approvalId}</TextLink>,
            }),
        ...(call.wouldDeny === null ? {} : { [t('wouldDeny')]: <UntrustedText text={call.wouldDeny} /> }),
      }}
    />
  );
}

function Way({ path }: { readonly path: CallPath }) {
  return (
    <Card title={t('path')} about={t('pathAbout')}>
      <ol>
        {path.parts.map(({ part, what, milliseconds, facts }, index) => (
          <li key={part} className="grid grid-cols-[1rem_minmax(0,1fr)] gap-x-4">
            <span aria-hidden className="flex flex-col items-center">
              <span className="mt-1.5 size-2.5 rounded-full border-2 border-accent bg-panel" />
              {index < path.parts.length - 1 && <span className="w-px grow bg-line-strong/50" />}
            </span>
            <div className="pb-4">
              <p className="flex flex-wrap items-baseline justify-between gap-x-4">
                <span>
                  <span className="text-sm text-quiet">{t(`part_${part}`)}</span>{' '}
                  <span className="font-medium">
                    <UntrustedText text={what} limit={300} />
                  </span>
                </span>
                {milliseconds !== null && <span className="text-sm text-quiet">{formatDuration(milliseconds)}</span>}
              </p>
              <PartFacts facts={facts} />
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function PartFacts({ facts }: { readonly facts: CallPath['parts'][number]['facts'] }) {
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-0.5 text-sm">
      {known.map(([name, value]) => (
        <div key={name} className="flex min-w-0 gap-1.5">
          <dt className="text-quiet">{name}</dt>
          <dd className="min-w-0 font-mono text-xs leading-5 break-all">
            <UntrustedText text={typeof value === 'number' ? formatNumber(value) : String(value)} limit={200} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
