import type { ApprovalDetail as Detail } from '@mcpnest/contract/schemas/approvals';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { ArgumentTable } from '../../components/argument-table.tsx';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/approvals.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Countdown } from '../../ui/countdown.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ApprovalState } from './approval-state.tsx';
import { Decision } from './decision.tsx';

/** How often one request is read anew while somebody looks at it. */
const refreshMs = 5_000;

export interface ApprovalDetailProps {
  readonly approval: string;
  /** The one to go on with once this one is decided. */
  readonly next: string | undefined;
}

/** One call that waits or waited: what it is, why it waits, and the decision. */
export function ApprovalDetail({ approval, next }: ApprovalDetailProps) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('approvals', 'get', { params: { workspace, approval } }),
    refetchInterval: refreshMs,
  });
  return (
    <div className="min-w-0">
      <Asked query={query} rows={8}>
        {(detail) => (
          <article className="flex flex-col gap-4" aria-labelledby="approval-title">
            <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
              <div className="min-w-0">
                <h2 id="approval-title" className="font-mono text-lg font-semibold break-words">
                  <UntrustedText text={`${detail.server} · ${detail.tool}`} limit={200} />
                </h2>
                <p className="text-quiet">
                  <ApprovalState state={detail.state} /> <span aria-hidden>·</span> {t(`stateAbout_${detail.state}`)}
                </p>
              </div>
              {(detail.state === 'pending' || detail.state === 'approved') && (
                <p className="text-quiet">
                  {t('endsIn')} <Countdown until={detail.expiresAt} over={t('over')} />
                </p>
              )}
            </header>
            <Decision detail={detail} next={next} />
            <Call detail={detail} />
            <Arguments detail={detail} />
          </article>
        )}
      </Asked>
    </div>
  );
}

function Call({ detail }: { readonly detail: Detail }) {
  const { setting, lastApproved } = detail;
  return (
    <Card title={t('facts')}>
      <KeyValueList
        items={{
          [t('caller')]: <UntrustedText text={detail.requester} limit={200} />,
          [t('token')]: <UntrustedText text={detail.tokenLabel ?? detail.tokenId} limit={200} />,
          [t('class')]: detail.toolClass === null ? t('classUnknown') : t(detail.toolClass),
          [t('why')]: setting === null ? t('whyNone') : <Why setting={setting} server={detail.server} />,
          [t('definition')]: (
            <span>
              {lastApproved !== null && (
                <span className={lastApproved.definitionHash === detail.definitionHash ? '' : 'text-warn'}>
                  {lastApproved.definitionHash === detail.definitionHash
                    ? t('definitionSame')
                    : t('definitionOther')}{' '}
                </span>
              )}
              <Id text={detail.definitionHash} />
            </span>
          ),
          [t('policy')]: String(detail.policyVersion),
          [t('asked')]: <RelativeTime at={detail.createdAt} />,
          ...(detail.decidedAt === null
            ? {}
            : {
                [t('decidedBy')]: (
                  <span>
                    <UntrustedText text={detail.decidedByEmail ?? detail.decidedBy ?? '–'} limit={200} />{' '}
                    <span className="text-quiet">
                      <RelativeTime at={detail.decidedAt} />
                    </span>
                  </span>
                ),
              }),
          ...(detail.reason === null ? {} : { [t('reason')]: <UntrustedText text={detail.reason} /> }),
          ...(detail.usedAt === null ? {} : { [t('usedAt')]: <RelativeTime at={detail.usedAt} /> }),
          [t('id')]: <Id text={detail.id} />,
        }}
      />
    </Card>
  );
}

const Id = ({ text }: { readonly text: string }) => (
  <span className="inline-flex max-w-full items-center gap-1">
    <code className="truncate font-mono text-sm">{text}</code>
    <CopyButton text={text} />
  </span>
);

interface WhyProps {
  readonly setting: NonNullable<Detail['setting']>;
  readonly server: string;
}

function Why({ setting: { target, approvers, expiresInMinutes }, server }: WhyProps) {
  return (
    <span>
      {t('whySetting', { target, server, minutes: expiresInMinutes })}{' '}
      {approvers.length === 0 ? t('decidersPlain') : t('deciders', { approvers: approvers.join(', ') })}
    </span>
  );
}

function Arguments({ detail }: { readonly detail: Detail }) {
  const { lastApproved } = detail;
  return (
    <Card title={t('arguments')} about={t('argumentsAbout', { requester: detail.requester })}>
      <ArgumentTable
        label={t('argumentsOf')}
        shape={detail.argsShape}
        {...(lastApproved === null ? {} : { before: lastApproved.argsShape })}
      />
      <p className="mt-3 text-sm text-quiet">
        {lastApproved === null ? (
          t('neverBefore')
        ) : (
          <>
            {t('compared', { requester: lastApproved.requester })}
            {lastApproved.decidedAt !== null && (
              <>
                {' · '}
                <RelativeTime at={lastApproved.decidedAt} />
              </>
            )}
          </>
        )}
      </p>
    </Card>
  );
}
