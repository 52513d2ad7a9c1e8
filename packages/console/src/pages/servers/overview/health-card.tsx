import type { HealthHistory } from '@mcpnest/contract/schemas/charts';
import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { useWorkspace } from '../../../components/workspace.tsx';
import { formatDuration, formatTime } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/servers.ts';
import { Card } from '../../../ui/card.tsx';
import { cx } from '../../../ui/cx.ts';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import type { StatusTone } from '../../../ui/status.tsx';
import { faultWords } from '../fault-words.ts';
import { healthWord, ServerState } from '../server-state.tsx';

/** How a server is doing and how it was doing in the last day. */
export function HealthCard({ server }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const { health } = server;
  const query = useQuery({
    ...apiQuery('servers', 'healthHistory', { params: { workspace, server: server.slug }, query: { bars: 48 } }),
    refetchInterval: 60_000,
  });
  const fault = health.state === 'healthy' || health.lastErrorClass === null ? null : faultWords(health.lastErrorClass);
  return (
    <Card
      title={t('health')}
      actions={
        health.latencyMs !== null && (
          <span className="text-sm text-quiet">{t('lastExchange', { time: formatDuration(health.latencyMs) })}</span>
        )
      }
    >
      <div className="flex flex-col gap-3">
        <p className="flex flex-wrap items-center gap-x-2">
          <ServerState server={server} />
          {server.enabled && health.since !== null && (
            <span className="text-quiet">
              {t('since')} <RelativeTime at={health.since} />
            </span>
          )}
        </p>
        {fault !== null && (
          <p className="max-w-prose">
            {fault.says} <span className="text-quiet">{fault.remedy}</span>
          </p>
        )}
        <Asked query={query} rows={2}>
          {(history) => <HealthBars history={history} />}
        </Asked>
      </div>
    </Card>
  );
}

const fills: Readonly<Record<StatusTone, string>> = {
  ok: 'bg-ok',
  warn: 'bg-warn',
  bad: 'bg-bad',
  info: 'bg-info',
  off: 'bg-line',
};
/** Taller where it was worse, so that nobody has to tell colours apart. */
const heights: Readonly<Record<StatusTone, string>> = {
  ok: 'h-5',
  warn: 'h-7',
  bad: 'h-9',
  info: 'h-7',
  off: 'h-2',
};

function HealthBars({ history: { from, to, bars, healthyShare } }: { readonly history: HealthHistory }) {
  const share = healthyShare === null ? t('notKnown') : t('upShare', { share: percent(healthyShare) });
  const troubled = bars.filter(({ state }) => state !== 'healthy' && state !== 'unknown');
  return (
    <figure>
      <div role="img" aria-label={`${t('lastDay')}: ${share}`} className="flex h-9 items-end gap-0.5">
        {bars.map((bar) => {
          const [tone, word] = healthWord(bar.state);
          return (
            <span
              key={bar.from}
              title={`${formatTime(bar.from)}: ${word}${bar.errorClass === null ? '' : `. ${faultWords(bar.errorClass).says}`}`}
              className={cx('min-w-0 grow rounded-xs', fills[tone], heights[tone])}
            />
          );
        })}
      </div>
      <figcaption className="mt-1 flex justify-between text-sm text-quiet">
        <RelativeTime at={from} />
        <span>{share}</span>
        <RelativeTime at={to} />
      </figcaption>
      {troubled.length > 0 && (
        <details className="mt-1 text-sm">
          <summary className="w-fit cursor-pointer text-quiet">{t('troubles', { count: troubled.length })}</summary>
          <ul className="mt-1 flex max-h-56 flex-col gap-1 overflow-y-auto">
            {troubled.map((bar) => (
              <li key={bar.from}>
                {formatTime(bar.from)}: {healthWord(bar.state)[1]}
                {bar.downMs > 0 && `, ${t('downFor', { time: formatDuration(bar.downMs) })}`}
                {bar.errorClass !== null && `. ${faultWords(bar.errorClass).says}`}
              </li>
            ))}
          </ul>
        </details>
      )}
    </figure>
  );
}

const shares = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });
const percent = (share: number): string => shares.format(share);
