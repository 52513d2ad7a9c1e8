import type { Server } from '@mcpnest/contract/schemas/servers';
import { t } from '../../strings/servers.ts';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';

const tones: Readonly<Record<string, readonly [StatusTone, string]>> = {
  healthy: ['ok', 'Healthy'],
  degraded: ['warn', 'Degraded'],
  down: ['bad', 'Down'],
  drill: ['info', 'Failure drill'],
  unknown: ['off', 'Not asked yet'],
};

/** How a server is doing, in a word. */
export function ServerState({ server }: { readonly server: Pick<Server, 'enabled' | 'health'> }) {
  if (!server.enabled) return <StatusWord tone="off">{t('disabled')}</StatusWord>;
  const { state, pendingReview } = server.health;
  if (pendingReview > 0) return <StatusWord tone="warn">{t('review', { count: pendingReview })}</StatusWord>;
  const [tone, word] = tones[state] ?? ['off', state];
  return <StatusWord tone={tone}>{word}</StatusWord>;
}
