import type { LookupAddress } from 'node:dns';
import type * as Net from 'node:net';

export interface GateSettings {
  readonly instance: { readonly host: string; readonly port: number };
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

type Lookup = (host: string, options: { all: true; family: 4 }) => Promise<LookupAddress[]>;

/** The gate as a program: JavaScript for `node --input-type=module --eval`, its settings as JSON the only argument. */
export const gateProgram = (): string =>
  [
    `import * as net from 'node:net';`,
    `import { lookup } from 'node:dns/promises';`,
    `(${runGate.toString()})(JSON.parse(process.argv[1]), net, lookup);`,
  ].join('\n');

/**
 * The only neighbour an instance has: carries the gateway's connections in, where hosts are named tunnels the instance
 * asks for out (CONNECT, RFC 9110), and what it sends to a port that stands for one address to that. Its text runs in a container of its own, so it must use nothing from outside
 * itself but its arguments and what is global in Node.
 */
export function runGate(settings: GateSettings, net: typeof Net, lookup: Lookup): void {
  const maxConnections = 512;
  const maxHeadBytes = 8192;
  const patienceMs = 10_000;
  const { instance, outward } = settings;

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
      else readHead(client, (head, rest) => void tunnel(client, head, rest));
    });

    const tunnel = async (client: Net.Socket, head: string, rest: Buffer): Promise<void> => {
      const host = connectLine.exec(head)?.[1]?.toLowerCase();
      if (host === undefined) return refuse(client, 405, `only CONNECT to port ${outward.hostPort} is possible here.`);
      if (!hosts.has(host)) return refuse(client, 403, 'this host is not among those the server may reach.');
      const found = await lookup(host, { all: true, family: 4 }).catch(() => []);
      const address = found.map((each) => each.address).find((each) => !refused.check(each) || allowed.check(each));
      if (address === undefined) return refuse(client, 502, 'the host has no address that may be reached.');
      if (client.destroyed) return;

      const server = net.connect({ host: address, port: outward.hostPort, allowHalfOpen: true });
      const failed = (): void => {
        server.destroy();
        refuse(client, 502, 'the host does not answer.');
      };
      server.setTimeout(patienceMs, failed).once('error', failed);
      client.once('close', () => server.destroy());
      server.once('connect', () => {
        server.off('error', failed).setTimeout(0, failed);
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        server.write(rest);
        join(client, server);
      });
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

  function readHead(client: Net.Socket, done: (head: string, rest: Buffer) => void): void {
    let got = Buffer.alloc(0);
    const timer = setTimeout(() => client.destroy(), patienceMs);
    client.once('close', () => clearTimeout(timer));
    client.on('data', function read(chunk: Buffer) {
      got = Buffer.concat([got, chunk]);
      const end = got.indexOf('\r\n\r\n');
      if (end < 0 && got.length <= maxHeadBytes) return;
      clearTimeout(timer);
      client.off('data', read).pause();
      if (end < 0 || end > maxHeadBytes) client.destroy();
      else done(got.subarray(0, end + 2).toString('latin1'), got.subarray(end + 4));
    });
  }

  function refuse(client: Net.Socket, status: number, why: string): void {
    const body = `MCPNest: ${why}\n`;
    client.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    client.setTimeout(patienceMs, () => client.destroy()).resume();
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
