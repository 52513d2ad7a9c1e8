import type { LookupAddress } from 'node:dns';
import type * as Net from 'node:net';
import { readClientHello, readServerHello } from './tls-start.ts';

export interface GateSettings {
  readonly instance: { readonly host: string; readonly port: number };
  /** How long either side may take for what is due at once, in milliseconds. */
  readonly patienceMs: number;
  /** Port for the gateway's connections. */
  readonly inward: number;
  /** The proxy; null: no way out. */
  readonly outward: {
    readonly port: number;
    /** Lower-case names and the one port on which each may be reached. */
    readonly hosts: readonly string[];
    readonly hostPort: number;
    /** IPv4 ranges no name may lead to, and exceptions from them, as CIDR. */
    readonly refused: readonly string[];
    readonly allowed: readonly string[];
  } | null;
  /** Ports that each lead to one address and no other. */
  readonly forwards: readonly {
    readonly listens: number;
    /** A name or an IPv4 address. */
    readonly host: string;
    readonly port: number;
    /** IPv4 ranges it may not lead to, as CIDR. */
    readonly refused: readonly string[];
  }[];
}

/** What the gate's text is given, since it may use nothing from outside itself. */
export interface GateMeans {
  readonly net: typeof Net;
  readonly lookup: (host: string, options: { all: true; family: 4 }) => Promise<LookupAddress[]>;
  readonly readClientHello: typeof readClientHello;
  readonly readServerHello: typeof readServerHello;
  readonly log: (line: string) => void;
}

/** The gate as a program: JavaScript for `node --input-type=module --eval`, its settings as JSON the only argument. */
export const gateProgram = (): string =>
  [
    `import * as net from 'node:net';`,
    `import { lookup } from 'node:dns/promises';`,
    `const readClientHello = ${readClientHello.toString()};`,
    `const readServerHello = ${readServerHello.toString()};`,
    `const log = console.error;`,
    `(${runGate.toString()})(JSON.parse(process.argv[1]), { net, lookup, readClientHello, readServerHello, log });`,
  ].join('\n');

/**
 * The only neighbour an instance has. It carries the gateway's connections in. Where hosts are named it tunnels out what
 * the instance asks for (CONNECT, RFC 9110), as far as that is TLS with the host it was asked for. What the instance
 * sends to a port that stands for one address it carries to that. Its text runs in a container of its own, so it must
 * use nothing from outside itself but its arguments and what is global in Node.
 */
export function runGate(settings: GateSettings, means: GateMeans): void {
  const { net, lookup, readClientHello, readServerHello, log } = means;
  const maxConnections = 512;
  const maxHeadBytes = 16_384;
  const maxLinesPerMinute = 30;
  const { instance, outward, patienceMs } = settings;
  const none = Buffer.alloc(0);
  let lines = 0;
  setInterval(() => (lines = 0), 60_000).unref();

  // The instance has no business with its own entrance, and nobody else with its way out.
  serve(settings.inward, (client) => {
    if (client.remoteAddress === instance.host) client.destroy();
    else join(client, net.connect({ ...instance, allowHalfOpen: true }));
  });
  if (outward !== null) {
    const hosts = new Set(outward.hosts);
    const connectLine = new RegExp(`^CONNECT ([a-z0-9.-]{1,253}):${outward.hostPort} HTTP/1\\.1\\r\\n`, 'i');
    const [refused, allowed] = [ranges(outward.refused), ranges(outward.allowed)];
    serve(outward.port, (client) => {
      if (client.remoteAddress !== instance.host) client.destroy();
      else void tunnel(client);
    });

    const tunnel = async (client: Net.Socket): Promise<void> => {
      const asked = await collect(client, none, endOfHead);
      if (asked === undefined) return void client.destroy();
      const host = connectLine.exec(asked.got.toString('latin1', 0, asked.verdict))?.[1]?.toLowerCase();
      if (host === undefined) return refuse(client, 405, `only CONNECT to port ${outward.hostPort} is possible here.`);
      if (!hosts.has(host)) return refuse(client, 403, 'this host is not among those the server may reach.');
      const found = await lookup(host, { all: true, family: 4 }).catch(() => []);
      const address = found.map((each) => each.address).find((each) => !refused.check(each) || allowed.check(each));
      if (address === undefined) return refuse(client, 502, 'the host has no address that may be reached.');
      if (client.destroyed) return;

      const server = net.connect({ host: address, port: outward.hostPort, allowHalfOpen: true });
      client.once('close', () => server.destroy());
      if (!(await isConnected(server))) return refuse(client, 502, 'the host does not answer.');
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      await tunnelTls(client, server, host, asked.got.subarray(asked.verdict));
    };

    /** One address often serves many names: what is carried must be for the one that was asked for. */
    const tunnelTls = async (client: Net.Socket, server: Net.Socket, host: string, early: Buffer): Promise<void> => {
      let left = early;
      for (const retried of [false, true]) {
        const hello = await collect(client, left, (bytes) => readClientHello(bytes, host, retried));
        const { verdict, got } = hello ?? { verdict: { wrong: 'no TLS begins within time and size' }, got: none };
        if ('wrong' in verdict) {
          server.destroy();
          return refuseTls(client, host, verdict.wrong);
        }
        server.write(got.subarray(0, verdict.end));
        left = got.subarray(verdict.end);
        const answer = await collect(server, none, readServerHello, (chunk) => client.write(chunk));
        if (answer?.verdict === 'settled') {
          server.write(left);
          return join(client, server);
        }
        if (answer?.verdict !== 'retry') break;
      }
      server.destroy();
      dismiss(client, '');
    };
  }

  for (const { listens, host, port, refused } of settings.forwards) {
    const barred = ranges(refused);
    serve(listens, (client) => {
      if (client.remoteAddress !== instance.host) client.destroy();
      else void forward(client, host, port, barred);
    });
  }

  async function forward(client: Net.Socket, host: string, port: number, barred: Net.BlockList): Promise<void> {
    const found = await lookup(host, { all: true, family: 4 }).catch(() => []);
    const address = found.map((each) => each.address).find((each) => !barred.check(each));
    if (address === undefined || client.destroyed) return void client.destroy();
    const server = net.connect({ host: address, port, allowHalfOpen: true });
    server.setTimeout(patienceMs, () => server.destroy());
    server.once('connect', () => server.setTimeout(0));
    join(client, server);
  }

  function serve(port: number, accept: (client: Net.Socket) => void): void {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (client) => {
      client.on('error', () => client.destroy());
      accept(client);
    });
    server.maxConnections = maxConnections;
    server.listen(port, '0.0.0.0');
  }

  function join(client: Net.Socket, server: Net.Socket): void {
    server.setNoDelay(true).setKeepAlive(true);
    server.on('error', () => client.destroy());
    server.once('close', () => client.destroy());
    client.once('close', () => server.destroy());
    client.pipe(server);
    server.pipe(client);
  }

  async function isConnected(server: Net.Socket): Promise<boolean> {
    server.setTimeout(patienceMs, () => server.destroy());
    server.on('error', () => server.destroy());
    return await new Promise((resolve) => {
      server
        .once('close', () => resolve(false))
        .once('connect', () => {
          server.setTimeout(0);
          resolve(true);
        });
    });
  }

  /**
   * What a socket sends until `judge` has a verdict on all of it, and then nothing more until somebody reads on.
   * @returns undefined where it ends, takes too long or sends too much before that
   */
  async function collect<T>(
    socket: Net.Socket,
    already: Buffer,
    judge: (got: Buffer) => T | undefined,
    pass: (chunk: Buffer) => void = () => undefined,
  ): Promise<{ readonly verdict: T; readonly got: Buffer } | undefined> {
    return await new Promise((resolve) => {
      let got = already;
      const finish = (found?: { readonly verdict: T; readonly got: Buffer }): void => {
        clearTimeout(timer);
        socket.off('data', read).off('end', stop).off('close', stop).pause();
        resolve(found);
      };
      const look = (): void => {
        const verdict = judge(got);
        if (verdict !== undefined) finish({ verdict, got });
        else if (got.length > maxHeadBytes) finish();
      };
      const read = (chunk: Buffer): void => {
        got = Buffer.concat([got, chunk]);
        pass(chunk);
        look();
      };
      const stop = (): void => finish();
      const timer = setTimeout(stop, patienceMs);
      socket.on('data', read).once('end', stop).once('close', stop).resume();
      look();
    });
  }

  function endOfHead(got: Buffer): number | undefined {
    const end = got.indexOf('\r\n\r\n');
    return end < 0 ? undefined : end + 4;
  }

  function refuse(client: Net.Socket, status: number, why: string): void {
    say(`refused with ${status}: ${why}`);
    const body = `MCPNest: ${why}\n`;
    dismiss(client, `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  }

  /** A fatal alert, `unrecognized_name`, which a client of TLS shows and no other can misread. */
  function refuseTls(client: Net.Socket, host: string, why: string): void {
    say(`refused a connection to ${host}: ${why}.`);
    dismiss(client, Buffer.from([21, 3, 3, 0, 2, 2, 112]));
  }

  function dismiss(client: Net.Socket, last: string | Buffer): void {
    client.end(last);
    client.resume();
    const timer = setTimeout(() => client.destroy(), patienceMs);
    client.once('close', () => clearTimeout(timer));
  }

  /** What the instance sent is not repeated, and it cannot fill the log. */
  function say(line: string): void {
    if (lines++ < maxLinesPerMinute) log(line);
  }

  function ranges(blocks: readonly string[]): Net.BlockList {
    const list = new net.BlockList();
    for (const block of blocks) {
      const [network, bits] = block.split('/');
      list.addSubnet(network ?? '', Number(bits));
    }
    return list;
  }
}
