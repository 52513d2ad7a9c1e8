import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { createClient, type Client } from '@mcpnest/contract/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, timeCalls, until, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

type Name = 'dana' | 'ann' | 'cy';
const stack = new AsyncDisposableStack();
let product: Product;
let catalog: EchoUpstream;
let params: { workspace: string };
/** Dana is of data-platform, Ann of analytics, Cy of neither. */
let people: Record<Name, { readonly client: Client; readonly token: string }>;
/** The source's manifest, at an address a test can have. */
let manifest: Parameters<Client['manifests']['put']>[0]['body'];

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  catalog = stack.use(await startEchoUpstream({ era: 'both', tools: ['search_tables', 'request_export'] }));
  const { client: owner } = product;
  const person = async (name: Name, team?: string) => {
    const email = `${name}@example.com`;
    const { id } = await owner.members.add({ params, body: { email } });
    if (team !== undefined) {
      const { slug } = await owner.teams.create({ params, body: { name: team } });
      await owner.teams.addMember({ params: { ...params, team: slug, member: id } });
    }
    const key = await owner.apiKeys.issue({ params, body: { email, role: 'member', label: name } });
    const client = createClient({ baseUrl: product.url, apiKey: key.secret });
    const { secret } = await client.tokens.issue({ params, body: { kind: 'member', label: name } });
    return { client, token: secret };
  };
  people = {
    dana: await person('dana', 'Data Platform'),
    ann: await person('ann', 'Analytics'),
    cy: await person('cy'),
  };
  await owner.network.allow({ body: { target: new URL(catalog.url).host } });
  manifest = {
    name: 'data-catalog',
    owner: 'data-platform',
    upstream: catalog.url,
    visibility: 'team:data-platform, team:analytics',
    tools: { search_tables: { access: 'read' }, request_export: { access: 'write', approval: 'required' } },
    limits: { per_user_rpm: 60 },
  };
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  await until('the gateway knows them', async () => {
    const answers = Object.values(people).map(({ token }) => product.rpc(ping, { token }));
    return (await Promise.all(answers)).every(({ status }) => status === 200);
  });
}, 30_000);
afterAll(() => stack.disposeAsync());

const publish = (by: Client, change: object = {}) => {
  const body = { ...manifest, ...change };
  return by.manifests.put({ params: { ...params, manifest: body.name }, body });
};
const names = (who: Name): Promise<string[]> => product.toolNames({ token: people[who].token });
const published = ['search_tables', 'request_export'];

/** A client of each generation that is connected already, with what it has been told. */
async function connect(who: Name) {
  const requestInit = { headers: { authorization: `Bearer ${people[who].token}` } };
  const url = new URL(product.gateway());
  const told = { v1: 0, v2: 0 };
  const v1 = new ClientV1({ name: 'sdk-v1', version: '1' });
  v1.setNotificationHandler(ToolListChangedNotificationSchema, () => void told.v1++);
  await v1.connect(new TransportV1(url, { requestInit }));
  const v2 = new ClientV2(
    { name: 'sdk-v2', version: '1' },
    {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      listChanged: { tools: { onChanged: () => void told.v2++ } },
    },
  );
  await v2.connect(new TransportV2(url, { requestInit }));
  const list = async () =>
    Promise.all([v1, v2].map(async (client) => (await client.listTools()).tools.map(({ name }) => name)));
  return { v1, v2, list, told, close: () => Promise.all([v1.close(), v2.close()]) };
}

describe('a team publishes its server', () => {
  it('[REG-02][REG-10] and those it is for have its tools within a second, in clients that are connected already', async () => {
    const clients = { dana: await connect('dana'), ann: await connect('ann'), cy: await connect('cy') };
    for (const client of Object.values(clients)) expect(await client.list()).toEqual([[], []]);
    await sleep(200);

    // Before its team may, it waits; nobody sees it and nothing is dialled.
    expect((await publish(people.dana.client)).outcome).toBe('waiting');
    await sleep(300);
    expect([await names('dana'), catalog.seen.length]).toEqual([[], 0]);
    const { evidence } = await product.client.manifests.show({ params: { ...params, manifest: 'data-catalog' } });
    expect(evidence).toMatchObject({ obstacles: [], viewers: ['ann@example.com', 'dana@example.com'] });
    await product.client.manifests.refuse({
      params: { ...params, manifest: 'data-catalog' },
      body: { revision: 1, reason: 'Not yet' },
    });

    await product.client.workspaces.update({
      params,
      body: { settings: { publishing: { teams: ['data-platform'] } } },
    });
    const { outcome, manifest: made } = await publish(people.dana.client);
    expect([outcome, made?.serverUrl]).toEqual(['created', product.gateway('data-catalog')]);
    const toldOf = [clients.dana.told, clients.ann.told];
    await until('all are told', async () => toldOf.every(({ v1, v2 }) => v1 > 0 && v2 > 0), 1_000);
    for (const who of ['dana', 'ann'] as const) {
      expect(await clients[who].list()).toEqual([published, published]);
      for (const client of [clients[who].v1, clients[who].v2]) {
        const before = catalog.calls().length;
        await client.callTool({ name: 'search_tables', arguments: { q: who } });
        expect(catalog.calls()).toHaveLength(before + 1);
      }
    }

    // For everybody else it does not exist, by either URL.
    expect([await clients.cy.list(), clients.cy.told]).toEqual([[[], []], { v1: 0, v2: 0 }]);
    const { token } = people.cy;
    const hidden = await product.call('search_tables', {}, { token });
    const missing = await product.call('search_tablez', {}, { token });
    expect(JSON.stringify(hidden.message.error).replace('search_tables', 'search_tablez')).toBe(
      JSON.stringify(missing.message.error),
    );
    expect((await product.call('search_tables', {}, { token, server: 'data-catalog' })).status).toBe(404);

    // An update bites as fast, and what is taken back is gone.
    await publish(people.dana.client, { visibility: 'team:data-platform' });
    await until('it is gone for Ann', async () => (await names('ann')).length === 0, 1_000);
    expect(await names('dana')).toEqual(published);
    await publish(people.dana.client);
    await until('it is back for Ann', async () => (await names('ann')).length === 2, 1_000);
    await people.dana.client.manifests.remove({ params: { ...params, manifest: 'data-catalog' } });
    await until('it is gone for Dana', async () => (await names('dana')).length === 0, 1_000);
    for (const client of Object.values(clients)) await client.close();
  }, 20_000);

  it('[REG-03] one at a time: each has its URL and its policy, and the owner of one edits no other', async () => {
    await product.client.workspaces.update({
      params,
      body: { settings: { publishing: { teams: ['data-platform', 'analytics'] } } },
    });
    const reports = { name: 'reports', owner: 'analytics', visibility: 'workspace', tools: {}, limits: {} };
    await publish(people.dana.client);
    await publish(people.ann.client, reports);
    await until('both are listed', async () => (await names('ann')).length === 4);
    const at = (server: string, who: Name) => product.toolNames({ server, token: people[who].token });
    expect([await at('data-catalog', 'ann'), await at('reports', 'cy')]).toEqual([published, published]);
    const taken = { owner: 'analytics' };
    await expect(publish(people.ann.client)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
    await expect(publish(people.ann.client, taken)).rejects.toMatchObject({ problem: { code: 'already_exists' } });
    await expect(publish(people.cy.client)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
    await expect(publish(people.cy.client, taken)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
    expect((await product.client.servers.show({ params: { ...params, server: 'data-catalog' } })).owner).toBe(
      'data-platform',
    );
    await people.ann.client.manifests.remove({ params: { ...params, manifest: 'reports' } });
    await people.dana.client.manifests.remove({ params: { ...params, manifest: 'data-catalog' } });
  });

  it('[REG-01][REG-08] and what it marks is sent once a person has approved the call', async () => {
    await publish(people.dana.client);
    await until('it is listed', async () => (await names('ann')).length === 2);
    const { token } = people.ann;
    const call = async () => (await product.call('request_export', { table: 'orders' }, { token })).message;
    const sent = catalog.calls().length;
    const asked = await call();
    expect([asked.error?.code, catalog.calls().length]).toEqual([428, sent]);
    const waiting = await product.client.approvals.list({ params });
    await product.client.approvals.approve({ params: { ...params, approval: waiting.items[0]!.id }, body: {} });
    expect((await call()).result).toBeDefined();
    expect(catalog.calls()).toHaveLength(sent + 1);
    expect((await call()).error?.code).toBe(428);
    await people.dana.client.manifests.remove({ params: { ...params, manifest: 'data-catalog' } });
  });

  it('[REG-06] and nobody calls it more often than its manifest allows, with however many tokens', async () => {
    await publish(people.dana.client, { limits: { per_user_rpm: 2 } });
    await until('it is listed', async () => (await names('ann')).length === 2);
    const second = await people.ann.client.tokens.issue({ params, body: { kind: 'member', label: 'second' } });
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    await until('the token is known', async () => (await product.rpc(ping, { token: second.secret })).status === 200);
    const call = async (token: string) => (await product.call('search_tables', {}, { token })).message;
    for (const token of [people.ann.token, second.secret]) expect((await call(token)).result).toBeDefined();
    for (const token of [people.ann.token, second.secret]) {
      expect((await call(token)).error?.message).toMatch(/your calls per minute to this server .* retry in \d+ s/);
    }
    expect((await call(people.dana.token)).result).toBeDefined();
    const denied = (await product.calls()).filter((row) => row.error_code === 'rate_limited');
    expect(denied.map((row) => row.rule)).toEqual(Array(2).fill('limit:server.principalPerMinute'));
    await people.dana.client.manifests.remove({ params: { ...params, manifest: 'data-catalog' } });
  });

  it('[REG-04] and a slow one does not slow the others', async () => {
    const other = stack.use(await startEchoUpstream({ era: 'both', tools: ['quick'] }));
    const slow = stack.use(await startEchoUpstream({ era: 'both', tools: ['crawl'], delayMs: 5_000 }));
    await product.addServer({ slug: 'other', url: other.url });
    await product.client.network.allow({ body: { target: new URL(slow.url).host } });
    await until('it is listed', async () => (await product.toolNames()).includes('quick'));
    await timeCalls(product, 'quick');
    const before = await timeCalls(product, 'quick');
    await publish(people.dana.client, { name: 'crawler', upstream: slow.url, tools: {}, limits: {} });
    await until('both are listed', async () => (await product.toolNames()).includes('crawl'));
    const gone = new AbortController();
    const stuck = Array.from({ length: 20 }, () =>
      product.call('crawl', {}, { signal: gone.signal }).catch(() => undefined),
    );
    expect(await timeCalls(product, 'quick')).toBeLessThan(before * 5 + 1_000);
    gone.abort();
    await Promise.all(stuck);
  });
});
