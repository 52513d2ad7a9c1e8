import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../../api/queries.ts';
import { LinkButton } from '../../../components/link.tsx';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { paths } from '../../../paths.ts';
import { formatDuration } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/server-tools.ts';
import { CopyButton } from '../../../ui/copy.tsx';

/** Records are in the store a moment after the call. */
const askAgainMs = 700;
const mostAsked = 20;

/** The record that a call made, found by its trace; whoever may not read records is told the trace. */
export function CallRecord({ traceId }: { readonly traceId: string }) {
  const workspace = useWorkspace();
  const mayRead = useMay('calls.list');
  const query = useQuery({
    ...apiQuery('calls', 'list', { params: { workspace }, query: { traceId, limit: 5 } }),
    enabled: mayRead,
    refetchInterval: ({ state }) =>
      state.data?.items.length === 0 && state.dataUpdateCount < mostAsked ? askAgainMs : false,
  });
  const record = query.data?.items[0];
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-3 text-sm">
      <span className="font-medium">{t('record')}</span>
      {mayRead && record === undefined && <span className="text-quiet">{t('recordComing')}</span>}
      {record !== undefined && (
        <>
          <span>
            {t('recordIs', { outcome: record.outcome })} · {formatDuration(record.latencyMs)}
          </span>
          {record.rule !== null && <span className="text-quiet">{t('deniedRule', { rule: record.rule })}</span>}
          <LinkButton small to={paths.call(workspace, record.id)} className="ml-auto">
            {t('toActivity')}
          </LinkButton>
        </>
      )}
      {!mayRead && (
        <span className="flex items-center gap-1 text-quiet">
          {t('traceIs', { id: traceId })}
          <CopyButton text={traceId} />
        </span>
      )}
    </div>
  );
}
