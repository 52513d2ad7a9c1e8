import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../clock.ts';
import type { Deliver } from '../deliver.ts';
import type { SendLines } from '../send-lines.ts';
import { signS3 } from '../sigv4.ts';
import { signWebhook } from '../standard-webhook.ts';
import type { Vault } from '../vault/vault.ts';
import { secretContext, type SinkTarget } from './config.ts';
import type { Parcel } from './parcel.ts';

/** How sending went, in words of ours: what the other side said is not repeated. */
export type SendOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: string; readonly retryAfterMs: number | undefined };

/** Send a parcel to a sink once. Never rejects. */
export type SendParcel = (target: SinkTarget, parcel: Parcel) => Promise<SendOutcome>;

export interface SendDeps {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly deliver: Deliver;
  readonly sendLines: SendLines;
}

const timeoutMs = 15_000;

/** Secrets are opened here, for as long as a parcel is sent, and nowhere else. */
export function createSendParcel({ vault, clock, deliver, sendLines }: SendDeps): SendParcel {
  const secretOf = ({ id, secrets }: SinkTarget, name: string) =>
    vault.open(secrets[name] ?? '', secretContext(id, name));

  function headersOf(target: SinkTarget, names: readonly string[]): Record<string, string> {
    return Object.fromEntries(names.map((name) => [name, secretOf(target, `header/${name}`).reveal()]));
  }

  async function post(url: string, method: 'POST' | 'PUT', headers: Record<string, string>, body: Buffer) {
    const { status, retryAfterMs } = await deliver({ method, url, headers, body, timeoutMs });
    if (status >= 200 && status < 300) return { ok: true } as const;
    return { ok: false, error: `http_${status}`, retryAfterMs } as const;
  }

  async function send(target: SinkTarget, { contentType, name, body }: Parcel): Promise<SendOutcome> {
    const { config } = target;
    const type = { 'content-type': contentType };
    switch (config.kind) {
      case 'http': {
        const signature = signWebhook(`msg_${name}`, clock.now(), body, [secretOf(target, 'webhook')]);
        return post(config.url, 'POST', { ...headersOf(target, config.headerNames), ...type, ...signature }, body);
      }
      case 'otlp':
        return post(config.url, 'POST', { ...headersOf(target, config.headerNames), ...type }, body);
      case 'syslog':
        await sendLines({ hostname: config.host, port: config.port, secure: config.tls, body, timeoutMs });
        return { ok: true };
      case 's3': {
        const url = `${config.endpoint.replace(/\/+$/, '')}/${config.bucket}/${name}`;
        const { region, accessKeyId } = config;
        const secretAccessKey = secretOf(target, 's3');
        const at = clock.now();
        const signed = signS3({ method: 'PUT', url, region, accessKeyId, secretAccessKey, headers: type, body, at });
        return post(url, 'PUT', signed, body);
      }
    }
  }

  return async (target, parcel) => {
    try {
      return await send(target, parcel);
    } catch (error) {
      return { ok: false, error: errorClass(error), retryAfterMs: undefined };
    }
  };
}

/** A class from a closed list; a message could hold text of the other side. */
function errorClass(error: unknown): string {
  if (error instanceof AppError) return error.code === 'upstream_failed' ? 'address_not_open' : 'secret_unusable';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(?:ENOTFOUND|EAI_AGAIN)$/.test(code)) return 'name_unknown';
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) return 'certificate';
  if (code === 'ETIMEDOUT' || (error instanceof Error && /\bwithin \d+ ms/.test(error.message))) return 'timeout';
  return 'connection';
}
