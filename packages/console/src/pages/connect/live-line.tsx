import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { TextLink } from '../../components/link.tsx';
import { paths } from '../../paths.ts';
import { formatDuration } from '../../strings/catalogue.ts';
import { t } from '../../strings/connect.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { followCalls } from './call-tail.ts';

/** How often connections are looked at while somebody waits for one. */
const lookEveryMs = 2_000;

export interface LiveLineProps {
  readonly workspace: string;
  /** Of the token that was made for the client; undefined: none was made here. */
  readonly tokenId: string | undefined;
}

/** What has come of connecting, as it happens: the client that came, and its first call with its record. */
export function LiveLine({ workspace, tokenId }: LiveLineProps) {
  const [call, setCall] = useState<ToolCall>();
  const { data } = useQuery({
    ...apiQuery('connections', 'list', { params: { workspace } }),
    refetchInterval: lookEveryMs,
  });
  useEffect(() => {
    if (tokenId === undefined) return undefined;
    const ended = new AbortController();
    followCalls(workspace, tokenId, (next) => setCall((first) => first ?? next), ended.signal);
    return () => ended.abort();
  }, [workspace, tokenId]);
  const connection = data?.items.find((each) => tokenId === undefined || each.tokenId === tokenId);
  const name = [connection?.client, connection?.version].filter((part) => part !== undefined && part !== '').join(' ');
  return (
    <div
      role="status"
      className="sticky bottom-3 flex flex-col gap-2 rounded-lg border border-line bg-raised px-4 py-3 shadow-popup"
    >
      {connection === undefined && call === undefined ? (
        <StatusWord tone="info">{t('waiting')}</StatusWord>
      ) : (
        <div className="flex flex-wrap items-center gap-x-2">
          <StatusWord tone="ok">
            <UntrustedText text={t('connected', { client: name === '' ? t('unnamed') : name })} limit={120} />
          </StatusWord>
          {connection !== undefined && (
            <span className="text-sm text-quiet">
              <RelativeTime at={connection.lastRequestAt} />
            </span>
          )}
        </div>
      )}
      {call !== undefined ? (
        <div className="flex flex-wrap items-center gap-x-3">
          <StatusWord tone={call.outcome === 'ok' ? 'ok' : 'bad'}>
            <UntrustedText
              text={t('called', {
                tool: call.server === null ? call.tool : `${call.server}.${call.tool}`,
                duration: formatDuration(call.latencyMs),
                outcome: call.outcome,
              })}
              limit={200}
            />
          </StatusWord>
          <TextLink to={paths.call(workspace, call.id)}>{t('record')}</TextLink>
        </div>
      ) : (
        connection !== undefined && tokenId !== undefined && <StatusWord tone="info">{t('firstCall')}</StatusWord>
      )}
    </div>
  );
}
