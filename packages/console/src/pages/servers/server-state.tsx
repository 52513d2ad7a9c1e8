import type { Server } from '@mcpnest/contract/schemas/servers';
import { t } from '../../strings/servers.ts';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';

const tones: Readonly<Record<string, readonly [StatusTone, string]>> = {
  healthy: ['ok', t('healthy')],
  degraded: ['warn', t('degraded')],
  down: ['bad', t('down')],
  drill: ['info', t('drill')],
  unknown: ['off', t('unknown')],
};

/** A state of health as a word; one that is not known here is shown as it is. */
export const healthWord = (state: string): readonly [StatusTone, string] => tones[state] ?? ['off', state];

/** What filters call the states a server can be in. */
export const stateOf = ({ enabled, health }: Pick<Server, 'enabled' | 'health'>): string =>
  enabled ? health.state : 'disabled';

/** How a server is doing, in a word. */
export function ServerState({ server }: { readonly server: Pick<Server, 'enabled' | 'health'> }) {
  if (!server.enabled) return <StatusWord tone="off">{t('disabled')}</StatusWord>;
  const [tone, word] = healthWord(server.health.state);
  return <StatusWord tone={tone}>{word}</StatusWord>;
}
