import type { WebhookAttempt } from '@mcpnest/contract/schemas/webhooks';
import { AppError } from '../../domain/errors.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Deliver } from '../../platform/deliver.ts';
import type { Log } from '../../platform/log.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { signWebhook } from '../../platform/standard-webhook.ts';
import { openSecrets, type StoredSecrets } from './secret.ts';

export interface SendDeps {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  readonly deliver: Deliver;
  /** Where people reach this installation, without a trailing slash. */
  readonly publicUrl: () => string;
}

/** Something to tell a webhook. */
export interface Message {
  readonly id: string;
  readonly type: string;
  readonly createdAt: string;
  /** Slug. */
  readonly workspace: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Attempt = WebhookAttempt & {
  /** Milliseconds for which the receiver asks to be left alone. */
  readonly retryAfterMs: number | undefined;
};

/** Milliseconds one attempt may take. */
export const attemptMs = 10_000;

/** Deliver a message once. Whatever goes wrong is part of what it returns. */
export async function send(
  { vault, clock, log, deliver, publicUrl }: SendDeps,
  hook: StoredSecrets & { readonly url: string },
  message: Message,
): Promise<Attempt> {
  const started = clock.monotonic();
  const ended = (how: Pick<Attempt, 'status' | 'problem' | 'retryAfterMs'>): Attempt => ({
    ...how,
    latencyMs: Math.round(clock.monotonic() - started),
  });
  try {
    const body = bodyOf(message, publicUrl());
    const now = clock.now();
    const signed = signWebhook(message.id, now, Buffer.from(body), openSecrets(vault, hook, isoTime(now)));
    const { status, retryAfterMs } = await deliver({
      method: 'POST',
      url: hook.url,
      headers: { 'content-type': 'application/json', 'user-agent': 'MCPNest', ...signed },
      body: Buffer.from(body),
      timeoutMs: attemptMs,
    });
    return ended({ status, retryAfterMs, problem: status >= 200 && status < 300 ? null : 'refused' });
  } catch (error) {
    log.info({ err: error, webhook: hook.id }, 'a webhook cannot be delivered');
    const closed = error instanceof AppError && error.code === 'upstream_failed';
    return ended({ status: null, retryAfterMs: undefined, problem: closed ? 'address' : 'no_answer' });
  }
}

/** The payload (standardwebhooks.com): `type`, `timestamp`, `data`. */
function bodyOf({ type, createdAt, workspace, data }: Message, publicUrl: string): string {
  const { decide, ...rest } = data as { decide?: { page: string; command: string } };
  const where =
    decide === undefined
      ? {}
      : { decide: { url: `${publicUrl}/workspaces/${workspace}/${decide.page}`, command: decide.command } };
  return JSON.stringify({ type, timestamp: createdAt, data: { workspace, ...rest, ...where } });
}
