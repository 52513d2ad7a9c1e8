import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportFormats } from '@mcpnest/contract/schemas/handover';
import { addCalls } from '../../packages/server/src/control/handover/call-rows.contract.ts';
import { httpReceiver, objectStore, syslogReceiver } from '../../packages/server/src/platform/sinks/sink.contract.ts';
import { mcpnest } from '../cli.ts';
import { openParts, spawnProduct, until, type SpawnedProduct } from '../harness.ts';
import { send } from '../http.ts';
import { unzip } from '../unzip.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: SpawnedProduct;
let upstream: EchoUpstream;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-handover-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  product = stack.use(await spawnProduct({ env: { MCPNEST_LOG_LEVEL: 'debug' } }));
  upstream = stack.use(await startEchoUpstream());
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const params = { workspace: 'acme' };
const canary = (where: string): string => `canary-${where}-7d20aa`;
/** As text from outside may come: markup, a formula, a line of its own, and beyond what is kept of a name. */
const hostileName = (where: string): string =>
  `=cmd|'/c x'!A1<img src=x onerror=1>\r\nCEF:0|${'n'.repeat(64)}${canary(where)}`;
const planted = [
  'argument',
  'key',
  'result',
  'structured',
  'tool-error',
  'rpc-error',
  'rpc-data',
  'header',
  'client',
  'tool',
];

it('[AUD-02][AUD-06] nothing of what was said in calls is in any export, sink, pack, log, metric or file', async () => {
  await using http = await httpReceiver();
  await using otel = await httpReceiver();
  await using syslog = await syslogReceiver();
  await using store = await objectStore('AKIDEXAMPLE', 'secret-of-the-store');
  for (const { port } of [http, otel, syslog, store])
    await product.client.network.allow({ body: { target: `127.0.0.1:${port}` } });
  const common = { include: 'all', from: 'beginning' } as const;
  const s3 = { region: 'us-east-1', bucket: 'logs', prefix: '', accessKeyId: 'AKIDEXAMPLE', everySeconds: 10 };
  for (const body of [
    {
      kind: 'http',
      name: 'siem',
      ...common,
      url: http.url,
      format: 'ocsf',
      headers: { 'x-key': 'secret-of-the-siem' },
    },
    { kind: 'otlp', name: 'otel', ...common, url: otel.url },
    {
      kind: 'syslog',
      name: 'log',
      ...common,
      target: `127.0.0.1:${syslog.port}`,
      tls: false,
      format: 'cef',
      facility: 13,
    },
    {
      kind: 's3',
      name: 'store',
      ...common,
      ...s3,
      endpoint: store.url,
      secretAccessKey: 'secret-of-the-store',
      format: 'jsonl',
    },
  ] as const)
    await product.client.sinks.create({ params, body });

  const args = { text: canary('argument'), [canary('key')]: [canary('argument')] };
  const headers = { 'x-custom': canary('header'), cookie: canary('header') };
  const meta = { 'io.modelcontextprotocol/clientInfo': { name: hostileName('client'), version: '1' } };
  upstream.set({
    result: () =>
      `{"content":[{"type":"text","text":"${canary('result')}"}],"structuredContent":{"a":"${canary('structured')}"}}`,
  });
  expect((await product.call('echo', args, { headers })).text).toContain(canary('result'));
  expect((await product.modern('tools/call', { name: 'echo', arguments: args }, { headers, meta })).status).toBe(200);
  upstream.set({ result: () => `{"content":[{"type":"text","text":"${canary('tool-error')}"}],"isError":true}` });
  await product.call('echo', args, { headers });
  await product.call(hostileName('tool'), args, { headers });
  const rows = await product.calls();
  expect(rows.length).toBeGreaterThanOrEqual(4);

  // The newest changes are left until they have settled, and the store waits for ten seconds.
  await until(
    'every sink has the calls',
    async () => {
      const { items } = await product.client.sinks.list({ params });
      return items.every((sink) => sink.delivered > rows.length && sink.lag.rows === 0);
    },
    30_000,
  );

  const outputs = new Map<string, string>();
  const environment = { MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey };
  for (const format of exportFormats) {
    for (const gzip of [false, true]) {
      const out = join(dir, `${format}${gzip ? '.gz' : ''}`);
      const ran = await mcpnest(
        ['audit', 'export', '--format', format, '--out', out, ...(gzip ? ['--gzip'] : [])],
        environment,
      );
      expect([ran.code, ran.err]).toEqual([0, expect.stringMatching(/Next time: --after [\w-]+\n$/)]);
      const bytes = readFileSync(out);
      outputs.set(`export ${format}`, (gzip ? gunzipSync(bytes) : bytes).toString());
      expect(statSync(out).mode & 0o777).toBe(0o600);
    }
    expect(outputs.get(`export ${format}`)).toContain(rows[0]!.id);
  }
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const pack = join(dir, 'pack.zip');
  const period = ['--from', from, '--to', new Date(Date.now() - 1_000).toISOString()];
  expect((await mcpnest(['audit', 'evidence', ...period, '--out', pack], environment)).code).toBe(0);
  for (const [name, text] of unzip(readFileSync(pack))) outputs.set(`pack ${name}`, text);
  expect(JSON.parse(outputs.get('pack completeness/journal.json')!)).toMatchObject({ checked: true, whole: true });
  for (const [index, got] of [...http.taken, ...otel.taken].entries())
    outputs.set(`body ${index}`, got.body.toString());
  outputs.set('syslog', syslog.messages.join('\n'));
  outputs.set('store', [...store.objects.values()].join('\n'));
  outputs.set('metrics', (await send(`${product.url}/metrics`, { method: 'GET' })).text);
  outputs.set('log', product.output());
  for (const name of readdirSync(product.dataDir, { recursive: true, encoding: 'utf8' })) {
    const file = join(product.dataDir, name);
    if (statSync(file).isFile()) outputs.set(`file ${name}`, readFileSync(file, 'latin1'));
  }
  expect(outputs.size).toBeGreaterThan(30);
  const secrets = ['secret-of-the-store', 'secret-of-the-siem', product.workspaceToken, product.apiKey];
  for (const [where, text] of outputs) {
    for (const each of planted) expect(text.includes(canary(each)), `${each} in ${where}`).toBe(false);
    for (const secret of secrets) expect(text.includes(secret), `a secret in ${where}`).toBe(false);
    expect(text.includes('<img src=x'), `markup in ${where}`).toBe(false);
  }
  const cells = outputs.get('export csv')!.split(/[,\r\n]+/);
  expect(cells.filter((cell) => /^"?[=+@]/.test(cell))).toEqual([]);
  for (const line of outputs.get('export cef')!.trim().split('\n')) expect(line).toMatch(/^CEF:0\|MCPNest\|/);
}, 60_000);

it('[AUD-06] an export that is refused or breaks off leaves no file and says so', async () => {
  const out = join(dir, 'none');
  const environment = { MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey };
  const refused = await mcpnest(['audit', 'export', '--after', 'made-up', '--out', out], environment);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('The cursor is not one an export gave out')]);
  const breaking = createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'application/x-ndjson', 'x-next-cursor': 'x' });
    res.write('{"kind":"call"}\n', () => res.destroy());
  });
  breaking.listen(0, '127.0.0.1');
  await once(breaking, 'listening');
  const { port } = breaking.address() as AddressInfo;
  const args = ['audit', 'export', '--workspace', 'acme', '--out', out];
  const broken = await mcpnest(args, { ...environment, MCPNEST_URL: `http://127.0.0.1:${port}` });
  breaking.close();
  expect([broken.code, broken.err]).toEqual([1, expect.not.stringContaining('--after')]);
  expect(readdirSync(dir).filter((name) => name.startsWith('none'))).toEqual([]);
});

it('[AUD-06] what breaks an export is no end of it, and is told to the log alone', async () => {
  await using small = await spawnProduct();
  await using parts = await openParts(small.dataDir);
  const { db } = parts.database;
  const { id } = await db.selectFrom('gateway_workspaces').select('id').executeTakeFirstOrThrow();
  await addCalls(db, { workspaceId: id, count: 20_000, node: 'a' });
  for (const compress of ['none', 'gzip'] as const) {
    const url = `${small.url}/api/v1/workspaces/acme/audit/export?include=calls&compress=${compress}`;
    const { body } = await fetch(url, { headers: { authorization: `Bearer ${small.apiKey}` } });
    const reader = body!.getReader();
    let said = Buffer.from((await reader.read()).value ?? []);
    await db.schema.alterTable('mcp_tool_calls').renameTo('gone').execute();
    const rest = (async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read())
        said = Buffer.concat([said, part.value]);
    })();
    await expect(rest).rejects.toThrow('terminated');
    await db.schema.alterTable('gone').renameTo('mcp_tool_calls').execute();
    expect(said.toString('latin1')).not.toContain('Error');
  }
  const logged = small
    .output()
    .split('\n')
    .filter((line) => line.includes('an answer broke off'));
  expect(logged).toHaveLength(2);
  expect(
    small
      .output()
      .split('\n')
      .filter((line) => /^\s+at /.test(line)),
  ).toEqual([]);
});

it('[AUD-06] sinks are made, tested, paused and removed from the command line', async () => {
  await using peer = await httpReceiver();
  await product.client.network.allow({ body: { target: `127.0.0.1:${peer.port}` } });
  const environment = { MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey };
  const sink = (...args: string[]) => mcpnest(['sink', ...args], environment, 'value-of-the-header\n');
  const made = await sink('create', 'by-hand', '--kind', 'http', '--url', peer.url, '--header', 'x-key', '--json');
  expect(JSON.parse(made.out)).toMatchObject({
    sink: { name: 'by-hand' },
    secret: expect.stringMatching(/^whsec_/) as string,
  });
  expect((await sink('test', 'by-hand')).out).toBe('taken\n');
  expect(peer.taken[0]!.headers['x-key']).toBe('value-of-the-header');
  expect((await sink('pause', 'by-hand')).code).toBe(0);
  expect((await sink('list')).out).toMatch(/by-hand +http +paused/);
  expect((await sink('resume', 'by-hand')).code).toBe(0);
  expect((await sink('show', 'by-hand', '--json')).out).not.toContain('value-of-the-header');
  expect((await sink('remove', 'by-hand', '--yes')).code).toBe(0);
  expect((await sink('show', 'by-hand')).code).toBe(2);
  const syslog = await sink('create', 'log', '--kind', 'syslog', '--target', 'logs.example.com:6514', '--instance');
  expect([syslog.code, (await sink('list', '--instance')).out]).toEqual([0, expect.stringContaining('syslog')]);
  const missing = await sink('create', 'x', '--kind', 's3', '--url', 'https://store.example.com');
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('body.bucket is required')]);
});
