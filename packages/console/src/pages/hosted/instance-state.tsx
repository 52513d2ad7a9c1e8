import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { t } from '../../strings/hosted.ts';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';

const tones: Readonly<Record<HostedInstance['state'], StatusTone>> = {
  pending: 'info',
  pulling: 'info',
  starting: 'info',
  running: 'ok',
  degraded: 'warn',
  sleeping: 'off',
  stopped: 'off',
  failed: 'bad',
};

/** How an instance fares, in a word. */
export const InstanceState = ({ state, health }: Pick<HostedInstance, 'state' | 'health'>) => (
  <StatusWord tone={tones[state]}>{t(state === 'running' && health === 'healthy' ? 'healthy' : state)}</StatusWord>
);

/** Whether an instance is on its way to running. */
export const isOnItsWay = (state: HostedInstance['state']): boolean =>
  state === 'pending' || state === 'pulling' || state === 'starting';
