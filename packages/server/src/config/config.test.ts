import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../domain/errors.ts';
import { describeConfig, loadConfig } from './config.ts';
import type { Environment } from './env.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpnest-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const key = randomBytes(32).toString('hex');
const file = (content: string): string => {
  const path = join(folder, randomBytes(4).toString('hex'));
  writeFileSync(path, content);
  return path;
};

/** The variables complained about, with what was said. */
function problems(environment: Environment): Record<string, string> {
  try {
    loadConfig(environment);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    for (const issue of error.issues!) expect(error.message).toContain(`${issue.path} ${issue.message}`);
    return Object.fromEntries(error.issues!.map((issue) => [issue.path, issue.message]));
  }
  return {};
}

describe('with nothing set', () => {
  it('listens on loopback, keeps everything in ./data and allows nobody else', () => {
    const { config, secrets } = loadConfig({ PATH: '/bin', HOME: '/root' });
    expect(config).toEqual({
      host: '127.0.0.1',
      port: 8420,
      publicUrl: undefined,
      dataDir: resolve('data'),
      database: { kind: 'sqlite', file: resolve('data/mcpnest.db') },
      logLevel: 'info',
      allowedHosts: [],
      allowedOrigins: [],
      trustedProxies: [],
      allowInsecure: false,
      kubernetes: {
        namespace: 'mcpnest-hosted',
        gatewayNamespace: 'mcpnest',
        runtimeClass: undefined,
        userNamespaces: false,
        kubeconfig: undefined,
        host: undefined,
        port: undefined,
      },
      runtime: 'none',
      orchestrates: false,
      serves: true,
      dockerSocket: '/var/run/docker.sock',
      remoteUrl: undefined,
    });
    expect(secrets).toEqual({ secretKey: undefined, databaseUrl: undefined, apiKey: undefined });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig({ MCPNEST_PORT: '', DATABASE_URL: '', MCPNEST_SECRET_KEY_FILE: '' })).toEqual(loadConfig({}));
  });
});

const postgres = 'postgres://nest:x7Kq2mPw@db/nest';
const apart = { MCPNEST_ROLES: 'control,gateway', MCPNEST_RUNTIME: 'docker', DATABASE_URL: postgres };
const alone = { ...apart, MCPNEST_ROLES: 'orchestrator', MCPNEST_SECRET_KEY: randomBytes(32).toString('hex') };

it('[ORC-08] planes in two processes: one serves, the other orchestrates, wherever it listens', () => {
  const socket = { MCPNEST_ORCHESTRATOR_SOCKET: '/run/nest/o.sock' };
  expect(loadConfig({ ...apart, ...socket }).config).toMatchObject({ serves: true, orchestrates: false });
  expect(loadConfig({ ...alone, ...socket }).config).toMatchObject({ serves: false, orchestrates: true });
  expect(loadConfig({ ...alone, MCPNEST_HOST: '0.0.0.0' }).config).toMatchObject({ serves: false });
  const { config } = loadConfig({ ...apart, MCPNEST_ORCHESTRATOR_URL: 'http://orchestrator:8421/' });
  expect(config).toMatchObject({ serves: true, orchestratorUrl: 'http://orchestrator:8421' });
});

describe('values', () => {
  it('reads them all', () => {
    const { config } = loadConfig({
      MCPNEST_HOST: '0.0.0.0',
      MCPNEST_PORT: '0',
      MCPNEST_PUBLIC_URL: 'https://MCP.example.com/',
      MCPNEST_DATA_DIR: '/srv/nest',
      MCPNEST_ROLES: 'gateway, control',
      MCPNEST_LOG_LEVEL: 'debug',
      MCPNEST_ALLOWED_HOSTS: 'Gateway.internal:8443, [::1]',
      MCPNEST_ALLOWED_ORIGINS: 'https://tools.example.com',
      MCPNEST_TRUSTED_PROXIES: '127.0.0.1, fd00::/8',
    });
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://mcp.example.com',
      database: { kind: 'sqlite', file: '/srv/nest/mcpnest.db' },
      logLevel: 'debug',
      allowedHosts: ['gateway.internal:8443', '[::1]'],
      allowedOrigins: ['https://tools.example.com'],
      trustedProxies: ['127.0.0.1', 'fd00::/8'],
    });
  });

  it.each([
    ['sqlite:./x.db', { kind: 'sqlite', file: resolve('x.db') }],
    ['sqlite:/var/x.db', { kind: 'sqlite', file: '/var/x.db' }],
    ['sqlite:///var/x.db', { kind: 'sqlite', file: '/var/x.db' }],
    ['postgres://ada@db.internal/nest', { kind: 'postgres' }],
    ['postgresql://ada:kx81-Quux@db.internal:5433/nest?sslmode=verify-full', { kind: 'postgres' }],
  ])('understands DATABASE_URL=%s', (url, database) => {
    expect(loadConfig({ DATABASE_URL: url }).config.database).toEqual(database);
  });

  it('reads the first owner, whose password is a secret', () => {
    const { config, secrets } = loadConfig({
      MCPNEST_ADMIN_EMAIL: 'Ada@Example.com',
      MCPNEST_ADMIN_PASSWORD_FILE: file('a long and private one\n'),
      MCPNEST_ALLOW_INSECURE: '1',
    });
    expect(config).toMatchObject({ adminEmail: 'ada@example.com', allowInsecure: true });
    expect(inspect([config, secrets])).not.toContain('private');
    expect(secrets.adminPassword!.reveal()).toBe('a long and private one');
  });

  it('reads a secret from a file, without the line end', () => {
    const { secrets } = loadConfig({ MCPNEST_SECRET_KEY_FILE: file(`${key}\n`) });
    expect(secrets.secretKey!.reveal()).toBe(key);
  });
});

describe('refusals', () => {
  it.each([
    ['a port that is none', { MCPNEST_PORT: '70000' }, 'MCPNEST_PORT', /0 to 65535/],
    [
      'a first owner without a password',
      { MCPNEST_ADMIN_EMAIL: 'ada@example.com' },
      'MCPNEST_ADMIN_EMAIL',
      /MCPNEST_ADMIN_PASSWORD_FILE/,
    ],
    [
      'a password of nobody',
      { MCPNEST_ADMIN_PASSWORD: 'a long one' + 'x'.repeat(9) },
      'MCPNEST_ADMIN_PASSWORD',
      /EMAIL/,
    ],
    [
      'a short password',
      { MCPNEST_ADMIN_EMAIL: 'a@b.example', MCPNEST_ADMIN_PASSWORD: 'short' },
      'MCPNEST_ADMIN_PASSWORD',
      /12/,
    ],
    ['a port that is text', { MCPNEST_PORT: 'http' }, 'MCPNEST_PORT', /0 to 65535/],
    ['a host with a port', { MCPNEST_HOST: 'http://x' }, 'MCPNEST_HOST', /without a port/],
    ['a level that is none', { MCPNEST_LOG_LEVEL: 'loud' }, 'MCPNEST_LOG_LEVEL', /debug, info/],
    ['a flag that is neither', { MCPNEST_ALLOW_INSECURE: 'maybe' }, 'MCPNEST_ALLOW_INSECURE', /1 or 0/],
    ['a public URL with a path', { MCPNEST_PUBLIC_URL: 'https://x.example/nest' }, 'MCPNEST_PUBLIC_URL', /no path/],
    ['a public URL with a user', { MCPNEST_PUBLIC_URL: 'https://a:b@x.example' }, 'MCPNEST_PUBLIC_URL', /no user/],
    ['a public URL of another kind', { MCPNEST_PUBLIC_URL: 'ftp://x.example' }, 'MCPNEST_PUBLIC_URL', /https:/],
    ['a public URL in the clear', { MCPNEST_PUBLIC_URL: 'http://x.example' }, 'MCPNEST_PUBLIC_URL', /ALLOW_INSECURE=1/],
    [
      'the whole network without TLS',
      { MCPNEST_HOST: '0.0.0.0' },
      'MCPNEST_HOST',
      /MCPNEST_PUBLIC_URL.*ALLOW_INSECURE=1/,
    ],
    ['a LAN address without TLS', { MCPNEST_HOST: '192.168.1.5' }, 'MCPNEST_HOST', /MCPNEST_PUBLIC_URL/],
    ['a name without TLS', { MCPNEST_HOST: 'gateway' }, 'MCPNEST_HOST', /MCPNEST_PUBLIC_URL/],
    ['a proxy by name', { MCPNEST_TRUSTED_PROXIES: 'proxy.example.com' }, 'MCPNEST_TRUSTED_PROXIES', /CIDR/],
    ['everybody as a proxy', { MCPNEST_TRUSTED_PROXIES: '0.0.0.0/0' }, 'MCPNEST_TRUSTED_PROXIES', /CIDR/],
    ['a wildcard host', { MCPNEST_ALLOWED_HOSTS: '*.example.com' }, 'MCPNEST_ALLOWED_HOSTS', /wildcards/],
    ['an origin with a path', { MCPNEST_ALLOWED_ORIGINS: 'https://x.example/a' }, 'MCPNEST_ALLOWED_ORIGINS', /origin/],
    ['any origin', { MCPNEST_ALLOWED_ORIGINS: '*' }, 'MCPNEST_ALLOWED_ORIGINS', /origin/],
    ['a database of another kind', { DATABASE_URL: 'mysql://x' }, 'DATABASE_URL', /sqlite:<path> or postgres/],
    ['a database in memory', { DATABASE_URL: 'sqlite::memory:' }, 'DATABASE_URL', /name a file/],
    ['an example password', { DATABASE_URL: 'postgres://a:changeme@h/d' }, 'DATABASE_URL', /openssl rand/],
    ['the default password of images', { DATABASE_URL: 'postgres://a:Postgres1@h/d' }, 'DATABASE_URL', /openssl rand/],
    ['Redis', { REDIS_URL: 'redis://h' }, 'REDIS_URL', /not supported yet/],
    ['one plane alone', { MCPNEST_ROLES: 'gateway' }, 'MCPNEST_ROLES', /control,gateway/],
    ['an unknown runtime', { MCPNEST_RUNTIME: 'podman' }, 'MCPNEST_RUNTIME', /none, docker or kubernetes/],
    [
      'an orchestrator without a runtime',
      { MCPNEST_ROLES: 'control,gateway,orchestrator' },
      'MCPNEST_ROLES',
      /only there/,
    ],
    [
      'a runtime without an orchestrator',
      { MCPNEST_RUNTIME: 'docker', MCPNEST_ROLES: 'control,gateway' },
      'MCPNEST_ROLES',
      /orchestrator/,
    ],
    [
      'a socket for an orchestrator that is in this process',
      { MCPNEST_RUNTIME: 'docker', MCPNEST_ORCHESTRATOR_SOCKET: '/run/nest/o.sock' },
      'MCPNEST_ORCHESTRATOR_SOCKET',
      /process of its own/,
    ],
    [
      'a socket without a runtime',
      { MCPNEST_ROLES: 'control,gateway', MCPNEST_ORCHESTRATOR_SOCKET: '/run/nest/o.sock', DATABASE_URL: postgres },
      'MCPNEST_ORCHESTRATOR_SOCKET',
      /MCPNEST_RUNTIME/,
    ],
    [
      'two ways to an orchestrator',
      { ...apart, MCPNEST_ORCHESTRATOR_URL: 'http://o:1', MCPNEST_ORCHESTRATOR_SOCKET: '/run/nest/o.sock' },
      'MCPNEST_ORCHESTRATOR_URL',
      /one of the two/,
    ],
    [
      'an address of an orchestrator with a path',
      { ...apart, MCPNEST_ORCHESTRATOR_URL: 'http://o:1/logs' },
      'MCPNEST_ORCHESTRATOR_URL',
      /origin/,
    ],
    [
      'an orchestrator apart on SQLite, seen from the gateway',
      { ...apart, MCPNEST_ORCHESTRATOR_SOCKET: '/run/nest/o.sock', DATABASE_URL: 'sqlite:/srv/nest.db' },
      'DATABASE_URL',
      /PostgreSQL/,
    ],
    ['an orchestrator alone on SQLite', { ...alone, DATABASE_URL: undefined }, 'DATABASE_URL', /PostgreSQL/],
    ['one without a key', { ...alone, MCPNEST_SECRET_KEY: undefined }, 'MCPNEST_SECRET_KEY_FILE', /master key/],
    ['one without a runtime', { ...alone, MCPNEST_RUNTIME: 'none' }, 'MCPNEST_ROLES', /only there/],
    [
      'one that is to ask itself',
      { ...alone, MCPNEST_ORCHESTRATOR_URL: 'http://o:1' },
      'MCPNEST_ORCHESTRATOR_URL',
      /MCPNEST_PORT/,
    ],
    ['a relative socket', { MCPNEST_DOCKER_SOCKET: 'docker.sock' }, 'MCPNEST_DOCKER_SOCKET', /absolute/],
    ['a short key', { MCPNEST_SECRET_KEY: 'abc' }, 'MCPNEST_SECRET_KEY', /64 hex.*openssl rand -hex 32/],
    ['a key of zeros', { MCPNEST_SECRET_KEY: '0'.repeat(64) }, 'MCPNEST_SECRET_KEY', /pattern/],
    ['a repeated key', { MCPNEST_SECRET_KEY: 'deadbeef'.repeat(8) }, 'MCPNEST_SECRET_KEY', /pattern/],
    ['a repeated half', { MCPNEST_SECRET_KEY: '0123456789abcdef'.repeat(4) }, 'MCPNEST_SECRET_KEY', /pattern/],
    [
      'a counting key',
      { MCPNEST_SECRET_KEY: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex') },
      'MCPNEST_SECRET_KEY',
      /pattern/,
    ],
    [
      'both of a pair',
      { MCPNEST_SECRET_KEY: key, MCPNEST_SECRET_KEY_FILE: '/x' },
      'MCPNEST_SECRET_KEY_FILE',
      /one of the two/,
    ],
    ['a missing file', { MCPNEST_SECRET_KEY_FILE: '/does/not/exist' }, 'MCPNEST_SECRET_KEY_FILE', /ENOENT/],
    ['an empty file', { MCPNEST_SECRET_KEY_FILE: file('\n') }, 'MCPNEST_SECRET_KEY_FILE', /empty/],
    ['a misspelt name', { MCPNEST_PUBLIC_ULR: 'https://x' }, 'MCPNEST_PUBLIC_ULR', /did you mean MCPNEST_PUBLIC_URL\?/],
    ['a file twin there is none of', { MCPNEST_PORT_FILE: '/x' }, 'MCPNEST_PORT_FILE', /did you mean MCPNEST_PORT\?/],
  ] as const)('%s', (_, environment, variable, message) => {
    const found = problems(environment);
    expect(Object.keys(found)).toEqual([variable]);
    expect(found[variable]).toMatch(message);
  });

  it('tells every problem at once', () => {
    const found = problems({
      MCPNEST_PORT: '-1',
      MCPNEST_HOST: '0.0.0.0',
      DATABASE_URL: 'oracle:',
      MCPNEST_SECRET_KEY: 'x',
      MCPNEST_NAME: 'y',
      REDIS_URL: 'redis://h',
    });
    expect(Object.keys(found).toSorted()).toEqual([
      'DATABASE_URL',
      'MCPNEST_HOST',
      'MCPNEST_NAME',
      'MCPNEST_PORT',
      'MCPNEST_SECRET_KEY',
      'REDIS_URL',
    ]);
  });

  it.each([
    { MCPNEST_HOST: '0.0.0.0', MCPNEST_ALLOW_INSECURE: '1' },
    { MCPNEST_HOST: '0.0.0.0', MCPNEST_PUBLIC_URL: 'https://x.example' },
    { MCPNEST_HOST: '::1' },
    { MCPNEST_HOST: 'localhost', MCPNEST_PUBLIC_URL: 'http://127.0.0.1:8420' },
    { MCPNEST_TEST_WITHOUT: 'postgres' },
  ])('accepts %j', (environment) => {
    expect(problems(environment)).toEqual({});
  });

  it('repeats no secret, in messages or when printed', () => {
    const password = 'changeme99';
    const weak = '0'.repeat(64);
    const url = `postgres://ada:${password}@db/x`;
    const found = JSON.stringify(problems({ DATABASE_URL: url, MCPNEST_SECRET_KEY: weak }));
    expect(found).toContain('DATABASE_URL');
    expect(found).not.toContain(password);
    expect(found).not.toContain(weak);

    const strong = 'postgres://ada:kx81-Quux-77@db/x';
    const loaded = loadConfig({ DATABASE_URL: strong, MCPNEST_SECRET_KEY: key });
    const printed = JSON.stringify(loaded) + inspect(loaded, { depth: null, showHidden: true });
    expect(loaded.secrets.databaseUrl!.reveal()).toBe(strong);
    expect(printed).not.toContain('kx81');
    expect(printed).not.toContain(key);
  });
});

it('describes every variable for the reference page', () => {
  const rows = describeConfig();
  expect(rows.map((row) => row.name)).toContain('MCPNEST_DATA_DIR');
  for (const row of rows) expect(row.description.length, row.name).toBeGreaterThan(20);
  expect(rows.find((row) => row.name === 'MCPNEST_PORT')).toMatchObject({ default: '8420', hasFileTwin: false });
  expect(rows.find((row) => row.name === 'MCPNEST_SECRET_KEY')).toMatchObject({ default: '', hasFileTwin: true });
});
