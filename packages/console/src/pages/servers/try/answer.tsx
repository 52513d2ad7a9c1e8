import { problemOf } from '../../../api/problem.ts';
import { LinkButton } from '../../../components/link.tsx';
import { useWorkspace } from '../../../components/workspace.tsx';
import type { McpAnswer } from '../../../mcp/client.ts';
import { member } from '../../../mcp/json.ts';
import type { Json } from '../../../mcp/json.ts';
import { McpFailure } from '../../../mcp/read-answer.ts';
import { paths } from '../../../paths.ts';
import { formatDuration } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/server-tools.ts';
import { Notice } from '../../../ui/notice.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { CallRecord } from './call-record.tsx';
import { ToolResult } from './tool-result.tsx';

/** Codes of the gateway's own answers about a call. */
const notAllowed = -32003;
const approvalRequired = 428;

/** What a call came to, how long it took, and the record it made. */
export function Answer({ answer }: { readonly answer: McpAnswer }) {
  return (
    <section className="flex flex-col gap-3">
      <header className="flex items-baseline justify-between gap-3">
        <h3 className="font-semibold">{t('result')}</h3>
        <span className="text-sm text-quiet">{t('took', { time: formatDuration(answer.tookMs) })}</span>
      </header>
      {answer.error === undefined ? <ToolResult result={answer.result} /> : <Refusal {...answer.error} />}
      <CallRecord traceId={answer.traceId} />
    </section>
  );
}

function Refusal({ code, message, data }: NonNullable<McpAnswer['error']>) {
  const workspace = useWorkspace();
  const reason = textOf(member(data, 'reason')) ?? message;
  const approval = textOf(member(data, 'approvalId'));
  const expiresAt = textOf(member(data, 'expiresAt'));
  if (code === approvalRequired && approval !== undefined)
    return (
      <Notice
        tone="info"
        title={t('waits')}
        action={
          <LinkButton small to={paths.approval(workspace, approval)}>
            {t('toApproval')}
          </LinkButton>
        }
      >
        <p>{t('waitsAbout')}</p>
        {expiresAt !== undefined && (
          <p className="text-sm text-quiet">
            <RelativeTime at={expiresAt} />
          </p>
        )}
      </Notice>
    );
  return (
    <Notice tone="bad" title={code === notAllowed ? t('denied') : t('failed')}>
      <UntrustedText text={reason} />
    </Notice>
  );
}

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** A call that came to no answer at all. */
export function Failure({ error }: { readonly error: Error }) {
  const { title, detail } = problemOf(error);
  if (error.name === 'AbortError') return <Notice tone="info" title={t('cancelled')} />;
  return error instanceof McpFailure ? (
    <Notice tone="bad" title={t('failed')}>
      {error.message}
    </Notice>
  ) : (
    <Notice tone="bad" title={title}>
      {detail}
    </Notice>
  );
}
