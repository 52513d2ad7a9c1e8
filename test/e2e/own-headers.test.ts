import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mcpnest } from '../cli.ts';
import { spawnProduct, until, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: SpawnedProduct;
let upstream: EchoUpstream;
/** What the upstream asks for with every request; the values an admin is given for it, one after the other. */
const first = 'canary-first-4be1';
const renewed = 'canary-renewed-4be1';
let wanted = first;
const params = { workspace: 'acme', server: 'guarded' };

beforeAll(async () => {
  product = stack.use(await spawnProduct({ env: { MCPNEST_LOG_LEVEL: 'debug' } }));
  upstream = stack.use(
    await startEchoUpstream({
      tools: ['look', 'change'],
      intercept({ headers }, _id, res) {
        if (headers['x-api-key'] === wanted && headers['x-tenant'] === 'ours') return false;
        res.writeHead(401, { 'www-authenticate': 'Bearer realm="canary-realm-4be1"' }).end('canary-body-4be1');
        return true;
      },
    }),
  );
  await product.addServer({ slug: 'guarded', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const health = () => product.client.servers.health({ params });
/** From calls that fail it is degraded, after three of them in a row down. */
const comesTo = async (...states: string[]): Promise<void> =>
  until(`it is ${states.join(' or ')}`, async () => {
    await product.call('look');
    return states.includes((await health()).state);
  });
const setHeaders = (key: string) =>
  mcpnest(
    ['server', 'credential', 'set', 'guarded', '--header-env', 'X-Api-Key=KEY', '--header-env', 'X-Tenant=TENANT'],
    { MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey, KEY: key, TENANT: 'ours' },
  );

describe('a server that asks for headers of its own', () => {
  it('[HST-11] is degraded for that reason, which admins can read, and named to its callers', async () => {
    await comesTo('degraded', 'down');
    expect(await health()).toMatchObject({ lastErrorClass: 'unauthorized' });
    expect(await product.toolNames()).toEqual([]);
    const { text } = await product.call('look', {}, { server: 'guarded' });
    expect(text).toContain('"unavailable":["guarded"]');
    expect(text).not.toContain('canary');
  });

  it('[HST-11] works as soon as it is given them, and again when they are renewed', async () => {
    expect(await setHeaders(first)).toMatchObject({ code: 0 });
    await comesTo('healthy');
    expect(await product.toolNames()).toEqual(['look', 'change']);
    expect((await product.call('look')).status).toBe(200);

    wanted = renewed;
    await comesTo('degraded', 'down');
    const { text } = await product.call('look');
    expect(text).toContain(`The server 'guarded' asks for another credential than it was sent; an admin must set`);
    expect(text).not.toContain('canary');
    expect(await health()).toMatchObject({ lastErrorClass: 'unauthorized' });
    expect(await setHeaders(renewed)).toMatchObject({ code: 0 });
    await comesTo('healthy');
    expect((await product.call('change')).status).toBe(200);
  });

  it('[HST-11] their values are read nowhere again', async () => {
    const { client } = product;
    const answers = [
      await client.servers.show({ params }),
      await client.servers.list({ params }),
      await client.servers.revisions({ params }),
      await client.auditEvents.list({ params }),
      (await setHeaders(renewed)).out,
      product.output(),
      await product.calls(),
    ];
    const text = JSON.stringify(answers);
    expect(text).toContain('x-api-key');
    expect(text).not.toContain('canary');
    const files = readdirSync(product.dataDir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(product.dataDir, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect([file, readFileSync(file).includes('canary')]).toEqual([file, false]);
  });
});
