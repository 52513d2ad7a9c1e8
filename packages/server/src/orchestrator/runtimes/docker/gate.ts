import { lookup } from 'node:dns/promises';
import { BlockList, connect, createServer, type Socket } from 'node:net';

/**
 * The program of a gate: the only neighbour an instance has. It carries the gateway's connections in and, where hosts
 * are named, tunnels the instance asks for out (RFC 9110, CONNECT). It runs in a container of its own, as text given to
 * `node --eval`: it imports nothing but Node and may hold no types that need more than to be taken away.
 */

interface GateSettings {
  readonly instance: { readonly host: string; readonly port: number };
  /** Port for the gateway's connections. */
  readonly inward: number;
  /** Port of the proxy; null: no way out. */
  readonly outward: {
    readonly port: number;
    /** Lower-case names, each reachable on port 443 and no other. */
    readonly hosts: readonly string[];
    /** IPv4 ranges no name may lead to, and exceptions from them, as CIDR. */
    readonly refused: readonly string[];
    readonly allowed: readonly string[];
  } | null;
}

const maxConnections = 512;
const maxHeadBytes = 8192;
const patienceMs = 10_000;

const settings = JSON.parse(process.argv[1] ?? '') as GateSettings;
const { instance, outward } = settings;

// The instance has no business with its own entrance, and nobody else with its way out.
serve(settings.inward, (client) => {
  if (client.remoteAddress === instance.host) client.destroy();
  else join(client, connect({ ...instance, allowHalfOpen: true }));
});
if (outward !== null) {
  const refused = ranges(outward.refused);
  const allowed = ranges(outward.allowed);
  serve(outward.port, (client) => {
    if (client.remoteAddress !== instance.host) client.destroy();
    else void readHead(client, (head, rest) => tunnel(client, head, rest));
  });

  const tunnel = async (client: Socket, head: string, rest: Buffer): Promise<void> => {
    const asked = /^CONNECT ([a-z0-9.-]{1,253}):443 HTTP\/1\.1\r\n/i.exec(head)?.[1]?.toLowerCase();
    if (asked === undefined) return refuse(client, 405, 'only CONNECT to port 443 is possible here.');
    if (!outward.hosts.includes(asked))
      return refuse(client, 403, 'this host is not among those the server may reach.');
    const found = await lookup(asked, { all: true, family: 4 }).catch(() => []);
    const address = found.map((each) => each.address).find((each) => !refused.check(each) || allowed.check(each));
    if (address === undefined) return refuse(client, 502, 'the host has no address that may be reached.');

    const server = connect({ host: address, port: 443, allowHalfOpen: true, timeout: patienceMs });
    server.once('timeout', () => server.destroy());
    server.once('error', () => refuse(client, 502, 'the host does not answer.'));
    server.once('connect', () => {
      server.setTimeout(0);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.write(rest);
      join(client, server);
    });
    client.once('close', () => server.destroy());
  };
}

function serve(port: number, accept: (client: Socket) => void): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (client) => {
    client.on('error', () => client.destroy());
    accept(client);
  });
  server.maxConnections = maxConnections;
  server.listen(port, '0.0.0.0');
}

function join(client: Socket, server: Socket): void {
  server.setNoDelay(true).setKeepAlive(true);
  server.on('error', () => client.destroy());
  server.once('close', () => client.destroy());
  client.once('close', () => server.destroy());
  client.pipe(server);
  server.pipe(client);
}

function readHead(client: Socket, done: (head: string, rest: Buffer) => Promise<void>): void {
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
    else void done(got.subarray(0, end + 2).toString('latin1'), got.subarray(end + 4));
  });
}

function refuse(client: Socket, status: number, why: string): void {
  const body = `MCPNest: ${why}\n`;
  client.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  client.resume();
}

function ranges(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network, bits] = block.split('/');
    list.addSubnet(network ?? '', Number(bits));
  }
  return list;
}
