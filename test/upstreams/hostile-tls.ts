import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, type Listening } from './listen.ts';

/** Kinds of certificate; `good` is the control: right name, in date, signed by the test's own authority. */
export const certificateKinds = ['good', 'expired', 'self_signed', 'wrong_name'] as const;
export type CertificateKind = (typeof certificateKinds)[number];

export interface HostileTls extends AsyncDisposable {
  /** PEM file of the authority that signed all but `self_signed`. */
  readonly authorityFile: string;
  url(kind: CertificateKind): string;
  port(kind: CertificateKind): number;
  /** Requests that came through the handshake, by kind. */
  requests(kind: CertificateKind): number;
}

/** HTTPS upstreams whose certificates are wrong in one way each, made with openssl for this run. */
export async function startHostileTls(): Promise<HostileTls> {
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-tls-'));
  makeCertificates(dir);
  const counts = new Map<CertificateKind, number>();
  const running = new Map<CertificateKind, Listening>();
  for (const kind of certificateKinds) {
    const pem = { key: readFileSync(join(dir, `${kind}.key`)), cert: readFileSync(join(dir, `${kind}.crt`)) };
    const server = createServer(pem, (req, res) => {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      req.resume();
      res.writeHead(500).end();
    });
    running.set(kind, await listen(server));
  }
  return {
    authorityFile: join(dir, 'ca.crt'),
    url: (kind) => `https://127.0.0.1:${running.get(kind)!.port}/mcp`,
    port: (kind) => running.get(kind)!.port,
    requests: (kind) => counts.get(kind) ?? 0,
    async [Symbol.asyncDispose]() {
      for (const server of running.values()) await server[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true });
    },
  };
}

function makeCertificates(dir: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const request = (name: string, subject: string): void =>
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      subject,
    );
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=test authority',
  );
  // `openssl ca` is the one command of OpenSSL 3.0 that takes dates in the past.
  writeFileSync(join(dir, 'index.txt'), '');
  writeFileSync(join(dir, 'serial'), '01\n');
  const config = [
    '[ca]',
    'default_ca=d',
    '[d]',
    'database=index.txt',
    'serial=serial',
    'new_certs_dir=.',
    'default_md=sha256',
    'policy=p',
    'copy_extensions=copy',
    '[p]',
    'commonName=supplied',
  ];
  writeFileSync(join(dir, 'ca.cnf'), config.join('\n'));
  const sign = (name: string, host: string, start: string, end: string): void => {
    writeFileSync(join(dir, `${name}.ext`), `subjectAltName=${host}`);
    openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      'ca.cnf',
      '-cert',
      'ca.crt',
      '-keyfile',
      'ca.key',
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.crt`,
      '-startdate',
      start,
      '-enddate',
      end,
      '-extfile',
      `${name}.ext`,
    );
  };
  const here = 'IP:127.0.0.1,DNS:localhost';
  request('good', '/CN=good');
  sign('good', here, '20200101000000Z', '20990101000000Z');
  request('expired', '/CN=expired');
  sign('expired', here, '20200101000000Z', '20200102000000Z');
  request('wrong_name', '/CN=wrong');
  sign('wrong_name', 'DNS:other.example', '20200101000000Z', '20990101000000Z');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    'self_signed.key',
    '-out',
    'self_signed.crt',
    '-subj',
    '/CN=self',
    '-addext',
    `subjectAltName=${here}`,
  );
}
