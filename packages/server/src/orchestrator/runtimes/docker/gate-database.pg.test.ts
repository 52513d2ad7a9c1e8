import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../../../test/servers/certificate.ts';
import { startPostgres, type Postgres } from '../../../../../../test/servers/postgres.ts';
import { runGate } from './gate.ts';
import { readClientHello, readServerHello } from './tls-start.ts';

/** A real database that takes TLS, behind the gate's forward; inside its name leads to the gate, here `hostaddr` does. */
const name = 'db.example.com';
const certificate = makeCertificate([name]);
const folder = mkdtempSync(join(tmpdir(), 'mcpnest-forward-'));
const rootCertificate = join(folder, 'ca.pem');
const servers: net.Server[] = [];
let postgres: Postgres;
let listens: number;

beforeAll(async () => {
  writeFileSync(rootCertificate, certificate.cert);
  postgres = await startPostgres(undefined, certificate);
  const createServer = (...args: Parameters<typeof net.createServer>): net.Server => {
    const server = net.createServer(...args);
    servers.push(server);
    return server;
  };
  runGate(
    {
      instance: { host: '127.0.0.1', port: 1 },
      patienceMs: 5_000,
      inward: 0,
      outward: null,
      forwards: [{ listens: 0, host: name, port: Number(new URL(postgres.url).port), refused: [] }],
    },
    {
      net: { ...net, createServer } as typeof net,
      lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
      ...{ readClientHello, readServerHello, log: () => undefined },
    },
  );
  const [, forward] = servers;
  await once(forward!, 'listening');
  listens = (forward!.address() as net.AddressInfo).port;
});
afterAll(async () => {
  for (const server of servers) server.close();
  await postgres[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const encryption = 'select coalesce(version, $$none$$) from pg_stat_ssl where pid = pg_backend_pid()';
const libpq = (mode: string, host = name): Promise<string> =>
  postgres.ask(
    `host=${host} hostaddr=127.0.0.1 port=${listens} user=mcpnest dbname=postgres sslmode=${mode} sslrootcert=${rootCertificate}`,
    encryption,
  );

describe('TLS to a database through the gate', () => {
  it.each(['require', 'verify-ca', 'verify-full'])('[ORC-04] libpq speaks it with sslmode=%s', async (mode) => {
    expect(await libpq(mode)).toBe('TLSv1.3');
  });

  it('[ORC-04] libpq sees by verify-full that the certificate is for another name', async () => {
    await expect(libpq('verify-full', 'other.example.com')).rejects.toThrow('does not match host name');
    expect(await libpq('disable')).toBe('none');
  });

  it('[ORC-04] the client of the catalogue’s servers speaks it, and verifies the name it was given', async () => {
    const asked = async (ssl: pg.ClientConfig['ssl']): Promise<unknown> => {
      const client = new pg.Client({ host: '127.0.0.1', port: listens, user: 'mcpnest', database: 'postgres', ssl });
      try {
        await client.connect();
        return (await client.query<{ coalesce: string }>(encryption)).rows[0]?.coalesce;
      } finally {
        await client.end();
      }
    };
    expect(await asked({ rejectUnauthorized: false })).toBe('TLSv1.3');
    expect(await asked({ ca: certificate.cert, servername: name })).toBe('TLSv1.3');
    await expect(asked({ ca: certificate.cert, servername: 'other.example.com' })).rejects.toThrow('altnames');
    await expect(asked({ servername: name })).rejects.toThrow('self-signed certificate');
  });
});
