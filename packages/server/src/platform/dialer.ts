import { lookup as systemLookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError } from '../domain/errors.ts';
import { classifyAddress } from './address-policy.ts';

/** `host` as it stands in a URL (a name, an IPv4 address, an IPv6 address with or without brackets). */
export interface AllowEntry {
  readonly host: string;
  readonly port: number;
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name, in the order to try them. Rejects when there is none. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** Where to connect, as it stands in a URL. */
export interface DialTarget {
  /** Whether with TLS. */
  readonly secure: boolean;
  readonly hostname: string;
  /** Empty: the port of the scheme. */
  readonly port: string;
  /** How what arrives is read (the option of `net.Socket`); as a stream if left out. */
  readonly onread?: OnReadOpts;
  /** What is spoken over it: HTTP/1.1 if left out, or lines, for which there is no name to agree on (RFC 7301). */
  readonly protocol?: 'http' | 'lines';
}

/** How connections leave this process. */
export interface Dialer {
  /**
   * Connect.
   * @param allow asked once the name is resolved for the addresses an owner has opened
   * @throws AppError `upstream_failed` when no address of the host may be reached; the system's error otherwise
   */
  dial(target: DialTarget, allow: () => readonly AllowEntry[]): Promise<Socket>;
}

/** Name resolution, TCP and TLS together. */
const connectTimeoutMs = 10_000;
const keepAliveAfterMs = 60_000;
/** A look-up blocks a thread of the pool, of four, that also writes files, so some threads are left free. */
const maxLookups = 2;

/**
 * The one way out. A name is resolved once, each address it has is checked, and only a checked address is dialled, so
 * that a name cannot mean one thing when checked and another when used.
 *
 * Without an entry only public addresses are reached, and only with TLS. An entry opens exactly one `host:port`: the
 * host as written in the URL or one of the addresses it resolves to. Certificates are always verified, against the
 * name in the URL. What is refused fails with AppError `upstream_failed` that names the remedy.
 *
 * @param options.resolve how names are resolved; the system's resolver if left out
 * @param options.lookups how many names may be looked up at once
 */
export function createDialer(options: { readonly resolve?: Resolve; readonly lookups?: number } = {}): Dialer {
  const { resolve: given, lookups = maxLookups } = options;
  const resolve = shared(given ?? ((hostname) => systemLookup(hostname, { all: true })), lookups);
  return { dial: (target, allow) => dial(target, resolve, allow) };
}

async function dial(target: DialTarget, resolve: Resolve, allow: () => readonly AllowEntry[]): Promise<Socket> {
  const { secure } = target;
  const host = bareHost(target.hostname);
  const port = target.port === '' ? (secure ? 443 : 80) : Number(target.port);
  const deadline = AbortSignal.timeout(connectTimeoutMs);

  const resolved =
    isIP(host) === 0 ? await beforeDeadline(resolve(host), deadline) : [{ address: host, family: isIP(host) }];
  const entries = allow()
    .filter((entry) => entry.port === port)
    .map((entry) => bareHost(entry.host));
  const byName = entries.includes(host);
  const addresses = resolved.filter(
    ({ address }) => byName || entries.includes(address) || (secure && classifyAddress(address) === 'public'),
  );
  if (addresses.length === 0) throw notOpen(target.hostname, port, secure, resolved);

  const tcp = {
    host,
    port,
    lookup: pinned(addresses),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveAfterMs,
    ...(target.onread !== undefined && { onread: target.onread }),
  };
  const socket = secure
    ? connectTls({
        ...tcp,
        // Server names are for names only (RFC 6066); an address is verified against the certificate as an address.
        ...(isIP(host) === 0 && { servername: host }),
        ...(target.protocol !== 'lines' && { ALPNProtocols: ['http/1.1'] }),
        minVersion: 'TLSv1.2',
        // Said here so that no environment variable can say otherwise.
        rejectUnauthorized: true,
      })
    : connectTcp(tcp);
  return connected(socket, secure ? 'secureConnect' : 'connect', deadline);
}

function connected(socket: Socket, event: 'connect' | 'secureConnect', deadline: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const late = (): void => void socket.destroy(timedOut());
    deadline.addEventListener('abort', late);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The connection was closed before it was established.')));
    socket.once(event, () => {
      deadline.removeEventListener('abort', late);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** A lookup that knows nothing but the checked addresses. */
const pinned =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_, options, callback) => {
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };

/** Concurrent questions for one name share an answer, and only a few names are looked up at once. */
function shared(resolve: Resolve, lookups: number): Resolve {
  const running = new Map<string, Promise<readonly ResolvedAddress[]>>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  const inTurn = async (hostname: string): Promise<readonly ResolvedAddress[]> => {
    if (busy >= lookups) await new Promise<void>((turn) => waiting.push(turn));
    else busy++;
    try {
      return await resolve(hostname);
    } finally {
      running.delete(hostname);
      const next = waiting.shift();
      if (next === undefined) busy--;
      else next();
    }
  };
  return (hostname) => {
    let answer = running.get(hostname);
    if (answer === undefined) {
      answer = inTurn(hostname);
      running.set(hostname, answer);
    }
    return answer;
  };
}

function beforeDeadline<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(timedOut()), { once: true });
  });
  return Promise.race([work, late]);
}

const bareHost = (hostname: string): string => hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');

const timedOut = (): Error =>
  Object.assign(new Error('The connection could not be made in time.'), { code: 'ETIMEDOUT' });

function notOpen(hostname: string, port: number, secure: boolean, resolved: readonly ResolvedAddress[]): AppError {
  const host = bareHost(hostname);
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const kinds = resolved.map(({ address }) => `${address} is ${classifyAddress(address)}`).join(', ');
  return new AppError(
    'upstream_failed',
    `This address is not open to MCPNest: ${target}. An owner can open it with: mcpnest network allow ${target}`,
    { detail: `${kinds}${secure ? '' : '; without TLS'}` },
  );
}
