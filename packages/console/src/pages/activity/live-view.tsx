import { useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/activity.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { callColumns } from './call-columns.tsx';
import type { CallQuery } from './call-filters.ts';
import { useLiveCalls } from './live-calls.ts';
import type { LiveCalls } from './live-calls.ts';

/** Calls as they come, which can be held still. */
export function LiveView({ query }: { readonly query: CallQuery }) {
  const workspace = useWorkspace();
  const go = useGo();
  const [live, tell] = useLiveCalls(workspace, query);
  return (
    <section aria-label={t('live')} className="flex min-w-0 flex-col gap-3">
      <div className="flex items-center justify-between gap-3">
        <span aria-live="polite">
          <State live={live} />
        </span>
        <Button small onClick={() => tell({ type: live.paused ? 'resume' : 'pause' })}>
          {!live.paused
            ? t('livePause')
            : live.held.length === 0
              ? t('liveGo')
              : t('liveResume', { count: live.held.length })}
        </Button>
      </div>
      {live.skipped && <Notice tone="warn" title={t('liveSkipped')} />}
      {live.state === 'ended' && <Notice tone="warn" title={t('liveEnded', { reason: live.reason ?? '' })} />}
      <VirtualTable
        label={t('live')}
        rows={live.calls}
        columns={callColumns}
        rowKey={({ id }) => id}
        onOpen={({ id }) => go(paths.call(workspace, id))}
      />
    </section>
  );
}

function State({ live }: { readonly live: LiveCalls }) {
  if (live.state === 'lost') return <StatusWord tone="warn">{t('liveLost')}</StatusWord>;
  if (live.state === 'ended') return null;
  if (live.state === 'opening') return <StatusWord tone="off">{t('liveOpening')}</StatusWord>;
  if (live.paused) return <StatusWord tone="off">{t('livePaused')}</StatusWord>;
  return <StatusWord tone="ok">{live.calls.length === 0 ? t('liveWaiting') : t('live')}</StatusWord>;
}
