import { forbidden } from '../domain/errors.ts';
import { isLoopbackName } from './origin.ts';

/** `__Host-`: set by this host over https only, for every path, and for no domain above it (RFC 6265bis section 4.1.3.2). */
const cookieName = '__Host-mcpnest-session';
/** Where somebody has said that unencrypted is fine; a browser would not keep the other one. */
const insecureName = 'mcpnest-session';

export interface CookiePolicy {
  readonly publicUrl: () => string;
  /** Whether somebody has said that credentials may cross networks unencrypted. */
  readonly allowInsecure: boolean;
}

/** The secret of the session a request bears, or undefined. */
export function readSessionCookie(headers: Headers, { allowInsecure }: CookiePolicy): string | undefined {
  const cookies = (headers.get('cookie') ?? '').split(';').map((part) => part.trim());
  const names = allowInsecure ? [cookieName, insecureName] : [cookieName];
  for (const name of names) {
    const found = cookies.filter((part) => part.startsWith(`${name}=`));
    const secret = found[0]?.slice(name.length + 1) ?? '';
    // Two of one name are nothing a browser would send of its own accord.
    if (found.length === 1 && /^[\w-]{43}$/.test(secret)) return secret;
  }
  return undefined;
}

/**
 * `Set-Cookie` for a session.
 * @throws AppError `forbidden` where the browser would not keep it, with the remedy
 */
export function sessionCookie(headers: Headers, policy: CookiePolicy, secret: string, maxAgeSeconds: number): string {
  const name = cookieNameFor(headers, policy);
  const common = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
  return `${name}=${secret}; ${common}${name === cookieName ? '; Secure' : ''}`;
}

/**
 * By which name the browser will keep a cookie; asked also before a link or an invitation is used up.
 * @throws AppError `forbidden` where it would keep none, with the remedy
 */
export function cookieNameFor(headers: Headers, policy: CookiePolicy): string {
  if (isTrustworthy(headers, policy)) return cookieName;
  if (policy.allowInsecure) return insecureName;
  throw forbidden(
    'Signing in needs https here: put a TLS proxy in front and set MCPNEST_PUBLIC_URL, or open the console on this machine at http://localhost.',
  );
}

/** `Set-Cookie` fields that take the cookie away, by whichever name it was set. */
export const clearedCookies = (): string[] => [
  `${cookieName}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure`,
  `${insecureName}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`,
];

/** Whether the page that asks came over https or from this machine; of what a browser does not say, the public URL. */
function isTrustworthy(headers: Headers, { publicUrl }: CookiePolicy): boolean {
  const origin = headers.get('origin');
  const { protocol, hostname } = new URL(origin !== null && URL.canParse(origin) ? origin : publicUrl());
  return protocol === 'https:' || isLoopbackName(hostname);
}
