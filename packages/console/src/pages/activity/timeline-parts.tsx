import type { Timeline, TimelineEntry, TokenLife } from '@mcpnest/contract/schemas/timelines';
import { useState } from 'react';
import { t } from '../../strings/activity.ts';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge, StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** How many calls, and the first and last of them. */
export const TimelineTotals = ({ timeline: { subject, calls } }: { readonly timeline: Timeline }) => (
  <p>
    <span className="font-medium">
      <UntrustedText text={subject} limit={200} />
    </span>
    <span className="text-quiet">
      {' · '}
      {t('timelineTotal', { count: calls.total })}
      {calls.firstAt !== null && (
        <>
          {', '}
          {t('timelineFirst')} <RelativeTime at={calls.firstAt} />
        </>
      )}
      {calls.lastAt !== null && (
        <>
          {', '}
          {t('timelineLast')} <RelativeTime at={calls.lastAt} />
        </>
      )}
    </span>
  </p>
);

/** Every token there was, and whether calls came after it was taken away. */
export const TimelineTokens = ({ tokens }: { readonly tokens: readonly TokenLife[] }) => (
  <Card title={t('timelineTokens')}>
    <ul className="divide-y divide-line">
      {tokens.map((token) => (
        <li key={token.id} className="flex flex-wrap items-baseline justify-between gap-x-6 py-2">
          <span className="font-medium">
            <UntrustedText text={token.label} limit={100} />
          </span>
          <span className="flex gap-4 text-sm text-quiet">
            <RelativeTime at={token.createdAt} />
            {token.callsAfterRevocation > 0 && (
              <StatusWord tone="bad">{t('timelineRevokedCalls', { count: token.callsAfterRevocation })}</StatusWord>
            )}
            <TokenState token={token} />
          </span>
        </li>
      ))}
    </ul>
  </Card>
);

function TokenState({ token: { revokedAt, expiresAt } }: { readonly token: TokenLife }) {
  const [now] = useState(() => Date.now());
  if (revokedAt !== null)
    return (
      <StatusWord tone="off">
        {t('tokenRevoked')} <RelativeTime at={revokedAt} />
      </StatusWord>
    );
  if (expiresAt !== null && Date.parse(expiresAt) < now) return <StatusWord tone="off">{t('tokenExpired')}</StatusWord>;
  return <StatusWord tone="ok">{t('tokenAlive')}</StatusWord>;
}

const tones: Readonly<Record<TimelineEntry['kind'], StatusTone>> = {
  change: 'info',
  approval: 'warn',
  health: 'bad',
  calls: 'ok',
  definition: 'off',
};

/** What happened, newest first. */
export const TimelineEntries = ({ entries }: { readonly entries: readonly TimelineEntry[] }) => (
  <ol className="rounded-xl border border-line bg-panel px-5 py-4 shadow-raised">
    {entries.map((entry, index) => (
      // oxlint-disable-next-line react/no-array-index-key -- entries have no id, and the list is read as a whole
      <li key={index} className="grid grid-cols-[7rem_5.5rem_minmax(0,1fr)] gap-x-4 py-1.5 max-sm:grid-cols-1">
        <span className="text-sm text-quiet">
          <RelativeTime at={entry.at} />
        </span>
        <span>
          <Badge tone={tones[entry.kind]}>{entry.kind}</Badge>
        </span>
        <span className="min-w-0">
          <UntrustedText text={entry.what} limit={300} />
          {entry.by !== null && (
            <span className="block text-sm text-quiet">
              <UntrustedText text={entry.by} limit={120} />
            </span>
          )}
        </span>
      </li>
    ))}
  </ol>
);
