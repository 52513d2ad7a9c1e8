import { splitTarget } from '@mcpnest/contract/schemas/network';
import type { CatalogueEntry, ReachedVariable } from './entry.ts';

/** An address that the value of a variable names. It is no secret; the value is. */
export interface ReachedAddress {
  readonly variable: string;
  /** A name in lower case or an IPv4 address in dotted form. */
  readonly host: string;
  readonly port: number;
  /** The value insists on TLS. */
  readonly encrypted: boolean;
}

/** How each protocol's URLs begin, and the port they mean when they name none. */
const protocols = {
  postgres: { schemes: ['postgres', 'postgresql'], port: 5432 },
} as const;

/** Values of `sslmode` (libpq) with which nothing is said in the clear. */
const encrypting: ReadonlySet<string | null> = new Set(['require', 'verify-ca', 'verify-full']);
/** Parameters of libpq that stand in the place of the address, or put a secret where it is not looked for. */
const overriding = ['host', 'hostaddr', 'port', 'service', 'servicefile', 'user', 'password', 'passfile'];
/** RFC 3986, with user and password percent-encoded, so that all programs read the same host in it. */
const form = /^([a-z]+):\/\/(?:([^@/?#\s\\]*)@)?([^@/?#\s\\]*)((?:\/[^?#\s]*)?(?:\?([^#\s]*))?)$/i;

type Located =
  | { readonly kind: 'address'; readonly address: ReachedAddress; readonly moveTo: (target: string) => string }
  | { readonly kind: 'local' }
  | { readonly kind: 'unusable'; readonly message: string };

/**
 * Find the address in a value.
 * @returns `local`: it leads to nothing outside of the container; `unusable` with what is wrong, without the value.
 *   `moveTo` writes the same value with another `host:port`
 */
export function locate(value: string, { variable, protocol, local }: ReachedVariable): Located {
  const { schemes, port: usualPort } = protocols[protocol];
  const unusable = (message: string): Located => ({ kind: 'unusable', message });
  if (local.some((scheme) => value.startsWith(`${scheme}:`))) return { kind: 'local' };
  const [, scheme = '', login, authority = '', rest = '', query = ''] = form.exec(value) ?? [];
  if (!schemes.some((each) => each === scheme.toLowerCase()))
    return unusable(`must be ${schemes[0]}://user:password@host:port/name, what is special in it percent-encoded`);
  if (authority.includes(',')) return unusable('must name one host');
  if (authority === '' || /^%2f/i.test(authority)) return unusable('must name a host, not a socket');
  if (authority.startsWith('[')) return unusable('must not name an IPv6 address: hosted servers reach IPv4 alone');
  const target = splitTarget((/:/.test(authority) ? authority : `${authority}:${usualPort}`).toLowerCase());
  if (target === undefined || target.host.length > 253) return unusable('must name a host and a port');
  const parameters = new URLSearchParams(query);
  const named = overriding.find((name) => [...parameters.keys()].some((key) => key.toLowerCase() === name));
  if (named !== undefined) return unusable(`must not have the parameter ${named}: it stands before the path`);
  const modes = parameters.getAll('sslmode');
  const encrypted = modes.length === 1 && encrypting.has(modes[0] ?? null);
  return {
    kind: 'address',
    address: { variable, ...target, encrypted },
    moveTo: (other) => `${scheme}://${login === undefined ? '' : `${login}@`}${other}${rest}`,
  };
}

/** The addresses that values of an entry name. Values that are unusable name none: see `variableIssues`. */
export const addressesIn = (entry: CatalogueEntry, values: ReadonlyMap<string, string>): ReachedAddress[] =>
  entry.reaches.flatMap((reached) => {
    const located = locate(values.get(reached.variable) ?? '', reached);
    return located.kind === 'address' ? [located.address] : [];
  });

/** The password of a URL, as it stands there and decoded; none where there is none. */
export function passwordsIn(value: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^:@/?#]*:([^@/?#]+)@/i.exec(value)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
