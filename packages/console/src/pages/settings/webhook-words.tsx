import type { Webhook, WebhookAttempt, WebhookDelivery } from '@mcpnest/contract/schemas/webhooks';
import { t } from '../../strings/settings-webhooks.ts';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';

const tones: Readonly<Record<Webhook['state'] | WebhookDelivery['state'], StatusTone>> = {
  active: 'ok',
  paused: 'off',
  gone: 'bad',
  waiting: 'info',
  delivered: 'ok',
  dropped: 'bad',
};

/** How a webhook does; one that fails says so, although it is active. */
export const WebhookState = ({ webhook: { state, failingSince } }: { readonly webhook: Webhook }) =>
  state === 'active' && failingSince !== null ? (
    <StatusWord tone="bad">failing</StatusWord>
  ) : (
    <StatusWord tone={tones[state]}>{state}</StatusWord>
  );

export const DeliveryState = ({ state }: { readonly state: WebhookDelivery['state'] }) => (
  <StatusWord tone={tones[state]}>{state}</StatusWord>
);

/** What went wrong with an attempt, as the end of a sentence; null when nothing did. */
export const attemptFault = ({ problem, status }: Pick<WebhookAttempt, 'problem' | 'status'>): string | null =>
  problem === null ? null : problem === 'refused' ? t('refused', { status: status ?? '–' }) : t(problem);
