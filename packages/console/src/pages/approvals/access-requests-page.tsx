import type { AccessRequest } from '@mcpnest/contract/schemas/access';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { ChoiceRow } from '../../components/choice-row.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/approvals.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { AccessAnswer } from './access-answer.tsx';
import type { Answering } from './access-answer.tsx';
import { ApprovalsFrame } from './approvals-frame.tsx';

const states = ['pending', 'granted', 'refused', 'any'] as const;
const labels = {
  pending: t('accessPending'),
  granted: t('accessGranted'),
  refused: t('accessRefused'),
  any: t('accessAny'),
} as const;
const tones = { pending: 'info', granted: 'ok', refused: 'bad' } as const;

/** Who asks for a tool, and the answers. */
export function AccessRequestsPage() {
  const workspace = useWorkspace();
  const mayDecide = useMay('accessRequests.grant');
  const [filters, setFilters] = useFilters(['state']);
  const [answering, setAnswering] = useState<Answering | null>(null);
  const state = states.find((each) => each === filters.state) ?? 'pending';
  const query = useQuery(
    apiQuery('accessRequests', 'list', { params: { workspace }, query: state === 'any' ? {} : { state } }),
  );
  return (
    <ApprovalsFrame
      cli={{
        command: `mcpnest access requests --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/access-requests${state === 'any' ? '' : `?state=${state}`}`,
      }}
    >
      <ChoiceRow
        label={t('filterState')}
        value={state}
        choices={states.map((value) => ({ value, label: labels[value] }))}
        onChange={(next) => setFilters({ state: next === 'pending' ? undefined : next })}
      />
      {!mayDecide && <p className="text-quiet">{t('onlyAdmins')}</p>}
      <Asked query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title={t('accessEmptyTitle')}
              example={
                <CodeBlock
                  label="command"
                  code={`mcpnest access request github:create_issue --reason 'Filing the checklist' --workspace ${workspace}`}
                />
              }
            >
              {t('accessEmpty')}
            </EmptyState>
          ) : (
            <ul className="divide-y divide-line rounded-xl border border-line bg-panel shadow-raised">
              {items.map((request) => (
                <Request key={request.id} request={request} onAnswer={mayDecide ? setAnswering : null} />
              ))}
            </ul>
          )
        }
      </Asked>
      <AccessAnswer answering={answering} onClose={() => setAnswering(null)} />
    </ApprovalsFrame>
  );
}

interface RequestProps {
  readonly request: AccessRequest;
  readonly onAnswer: ((answering: Answering) => void) | null;
}

function Request({ request, onAnswer }: RequestProps) {
  const { email, object, days, reason, state, answer, createdAt } = request;
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-5 py-4">
      <div className="min-w-0">
        <p className="font-medium">
          <UntrustedText text={t('accessFor', { email, object })} limit={300} />{' '}
          <span className="font-normal text-quiet">{t('accessDays', { count: days })}</span>
        </p>
        <p>
          <UntrustedText text={reason} />
        </p>
        {answer !== null && (
          <p className="text-sm text-quiet">
            <UntrustedText text={t('answer', { answer })} />
          </p>
        )}
        <p className="text-sm text-quiet">
          <RelativeTime at={createdAt} />
        </p>
      </div>
      {state === 'pending' && onAnswer !== null ? (
        <div className="flex gap-2">
          <Button look="danger" onClick={() => onAnswer({ request, verb: 'refuse' })}>
            {t('refuseAccess')}
          </Button>
          <Button look="primary" onClick={() => onAnswer({ request, verb: 'grant' })}>
            {t('grant')}
          </Button>
        </div>
      ) : (
        <StatusWord tone={tones[state]}>{labels[state]}</StatusWord>
      )}
    </li>
  );
}
