import type { Server } from '@mcpnest/contract/schemas/servers';
import { t } from '../../strings/home.ts';
import type { StatusTone } from '../../ui/status.tsx';

export interface HealthWords {
  readonly tone: StatusTone;
  /** The whole in one sentence. */
  readonly headline: string;
  /** What else is to be said of it. */
  readonly rest: readonly string[];
}

type Seen = { readonly enabled: boolean; readonly health: Pick<Server['health'], 'state' | 'pendingReview'> };

/** How all servers together are doing, the worst first. */
export function healthWords(servers: readonly Seen[]): HealthWords {
  const enabled = servers.filter((server) => server.enabled);
  const count = (state: string): number => enabled.filter(({ health }) => health.state === state).length;
  const off = servers.length - enabled.length;
  const held = enabled.reduce((sum, { health }) => sum + health.pendingReview, 0);
  const [down, degraded, unknown] = [count('down'), count('degraded'), count('unknown')];
  const said: [StatusTone, string][] = [];
  if (down > 0) said.push(['bad', t('someDown', { count: down })]);
  if (degraded > 0) said.push(['warn', t('someWeak', { count: degraded })]);
  if (unknown > 0) said.push(['off', t('unasked', { count: unknown })]);
  if (said.length === 0)
    said.push(enabled.length === 0 ? ['off', t('noServers')] : ['ok', t('allWell', { count: enabled.length })]);
  const [[tone, headline] = ['off', ''] as const, ...others] = said;
  const rest = others.map(([, words]) => words);
  if (held > 0) rest.push(t('held', { count: held }));
  if (off > 0) rest.push(t('off', { count: off }));
  return { tone, headline, rest };
}
