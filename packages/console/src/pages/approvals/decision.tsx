import type { ApprovalDetail } from '@mcpnest/contract/schemas/approvals';
import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../api/problem.ts';
import { useChange } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { useGo } from '../../components/navigate.ts';
import { usePageKeys } from '../../components/page-keys.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/approvals.ts';
import { Button } from '../../ui/button.tsx';
import { TextArea } from '../../ui/field.tsx';
import { Notice } from '../../ui/notice.tsx';
import { toast } from '../../ui/toast.tsx';

export interface DecisionProps {
  readonly detail: ApprovalDetail;
  readonly next: string | undefined;
}

/** Yes or no, or who else says it. */
export function Decision({ detail, next }: DecisionProps) {
  const { user } = useSession();
  const own = detail.requester === `member:${user.email}`;
  if (detail.mayDecide) return <Deciding detail={detail} next={next} />;
  if (detail.state !== 'pending' && detail.state !== 'approved') return null;
  return (
    <Notice tone="info" title={own ? t('yours') : t('notYours')}>
      {detail.setting === null || detail.setting.approvers.length === 0
        ? t('decidersPlain')
        : t('deciders', { approvers: detail.setting.approvers.join(', ') })}
    </Notice>
  );
}

function Deciding({ detail, next }: DecisionProps) {
  const workspace = useWorkspace();
  const go = useGo();
  const [refusing, setRefusing] = useState(false);
  const approve = useChange('approvals', 'approve');
  const refuse = useChange('approvals', 'refuse');
  const { id: approval, tool, state } = detail;
  const pending = state === 'pending';
  const params = { workspace, approval };
  const goOn = (): void => go(next === undefined ? paths.approvals(workspace) : paths.approval(workspace, next));

  // What is said comes after the request was read anew, when these buttons may be gone: hence the promises.
  function takeBack(): void {
    refuse.mutateAsync({ params, body: { reason: t('undoReason') } }).then(
      () => toast({ title: t('takenBack', { tool }) }),
      (error: unknown) => toast({ title: problemOf(error).detail, tone: 'bad' }),
    );
  }

  function doApprove(): void {
    approve.mutateAsync({ params, body: {} }).then(() => {
      toast({ title: t('approved', { tool }), detail: t('approvedAbout'), undo: takeBack });
      goOn();
    }, shown);
  }

  function doRefuse(reason: string): void {
    refuse.mutateAsync({ params, body: { reason } }).then(() => {
      toast({ title: pending ? t('refused', { tool }) : t('takenBack', { tool }) });
      setRefusing(false);
      if (pending) goOn();
    }, shown);
  }

  usePageKeys({
    ...(pending && !approve.isPending ? { a: doApprove } : {}),
    d: () => setRefusing(true),
  });
  return (
    <section aria-label={pending ? t('approve') : t('takeBack')} className="flex flex-col gap-3">
      {approve.error !== null && <ProblemNotice error={approve.error} />}
      {refusing ? (
        <Refusing
          busy={refuse.isPending}
          error={refuse.error}
          verb={pending ? t('refuse') : t('takeBack')}
          onCancel={() => setRefusing(false)}
          onRefuse={doRefuse}
        />
      ) : (
        <div className="flex gap-2">
          {pending && (
            <Button look="primary" busy={approve.isPending} onClick={doApprove}>
              {t('approve')}
            </Button>
          )}
          <Button look="danger" disabled={approve.isPending} onClick={() => setRefusing(true)}>
            {pending ? t('refuse') : t('takeBack')}
          </Button>
        </div>
      )}
    </section>
  );
}

/** A failure is on show where it happened; see `error`. */
const shown = (): void => undefined;

interface RefusingProps {
  readonly verb: string;
  readonly busy: boolean;
  readonly error: unknown;
  readonly onCancel: () => void;
  readonly onRefuse: (reason: string) => void;
}

function Refusing({ verb, busy, error, onCancel, onRefuse }: RefusingProps) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('textarea')?.focus(), []);
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-col gap-3 rounded-xl border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (reason.trim() !== '' && !busy) onRefuse(reason.trim());
      }}
    >
      <TextArea
        label={t('reason')}
        name="reason"
        rows={2}
        value={reason}
        onChange={setReason}
        help={t('reasonHelp')}
        error={tried && reason.trim() === '' ? t('reasonMissing') : undefined}
      />
      {error !== null && error !== undefined && <ProblemNotice error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{t('cancel')}</Button>
        <Button type="submit" look="danger" busy={busy}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
