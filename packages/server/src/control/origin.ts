import { forbidden } from '../domain/errors.ts';

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a host name, without a port, is one of this machine for itself. */
export const isLoopbackName = (name: string): boolean => loopback.has(name);

export interface OriginPolicy {
  readonly publicUrl: () => string;
  /** `host` or `host:port`, besides the public one. */
  readonly allowedHosts: readonly string[];
  /** Whole origins, e.g. `https://console.example.com`. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Refuse requests for hosts we are not and from web pages that are not ours, so that neither DNS rebinding nor a
 * foreign page can reach the API through a browser.
 * @throws AppError `forbidden`
 */
export function checkOrigin(request: Request, policy: OriginPolicy): void {
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
  if (!isOurs(host, policy)) {
    throw forbidden(
      `'${host.slice(0, 100)}' is not a name of this server. Allow it with MCPNEST_ALLOWED_HOSTS or set MCPNEST_PUBLIC_URL.`,
    );
  }
  const origin = request.headers.get('origin');
  if (origin === null) return;
  if (policy.allowedOrigins.includes(origin)) return;
  if (URL.canParse(origin) && isOurs(new URL(origin).host, policy)) return;
  throw forbidden('Requests from this web origin are not allowed. Allow it with MCPNEST_ALLOWED_ORIGINS.');
}

function isOurs(host: string, { publicUrl, allowedHosts }: OriginPolicy): boolean {
  const name = host.replace(/:\d+$/, '');
  if (allowedHosts.includes(host) || allowedHosts.includes(name)) return true;
  const own = new URL(publicUrl());
  if (host === own.host) return true;
  // A server on loopback answers to every loopback name, on its own port only.
  return loopback.has(own.hostname) && loopback.has(name) && host.slice(name.length + 1) === own.port;
}
