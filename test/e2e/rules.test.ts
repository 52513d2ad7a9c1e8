import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenEvents } from '../events.ts';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { openSession } from '../sessions.ts';
import { connectCommand } from '../stdio-client.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { offering } from '../upstreams/offering.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstreams: Record<'github' | 'grafana' | 'deploy', EchoUpstream>;
let params: { workspace: string };
/** Tokens by who holds them. */
let tokens: Record<'junior' | 'senior' | 'lead' | 'ci' | 'workspace', string>;
let members: Record<'junior' | 'senior' | 'lead', string>;

const offer = (name: string) =>
  offering({
    prompts: [{ name: `${name}_prompt`, arguments: [{ name: 'a' }] }],
    resources: [{ uri: `${name}://one`, name: 'one' }],
    templates: [{ uriTemplate: `${name}://all/{id}`, name: 'all' }],
  });

/** L2-08 as the sources tell it: juniors read GitHub and Grafana, seniors have no limits, deploying is for the lead and CI. */
beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  const start = async (slug: string, tools: string[]) => {
    const upstream = stack.use(await startEchoUpstream({ era: 'both', tools, ...offer(slug) }));
    await product.addServer({ slug, url: upstream.url });
    return upstream;
  };
  upstreams = {
    github: await start('github', ['list_issues', 'get_file', 'create_issue', 'delete_repo']),
    grafana: await start('grafana', ['get_dashboard', 'delete_dashboard']),
    deploy: await start('deploy', ['roll_out']),
  };
  const { client } = product;
  const person = async (name: string) =>
    (await client.members.add({ params, body: { email: `${name}@example.com` } })).id;
  members = { junior: await person('junior'), senior: await person('senior'), lead: await person('lead') };
  for (const [name, member] of [
    ['Juniors', members.junior],
    ['Leads', members.lead],
  ] as const) {
    const team = await client.teams.create({ params, body: { name } });
    await client.teams.addMember({ params: { ...params, team: team.slug, member } });
  }
  const ci = await client.machines.create({ params, body: { name: 'ci', ownerId: members.lead } });
  const issue = async (body: object) => (await client.tokens.issue({ params, body: { label: 't', ...body } })).secret;
  const memberToken = (memberId: string) => issue({ kind: 'member', memberId });
  tokens = {
    junior: await memberToken(members.junior),
    senior: await memberToken(members.senior),
    lead: await memberToken(members.lead),
    ci: await issue({ kind: 'machine', machineId: ci.id }),
    workspace: product.workspaceToken,
  };
  const read = (server: string, ...names: string[]) =>
    client.serverTools.classify({
      params: { ...params, server },
      body: { classes: names.map((tool) => ({ tool, class: 'read' as const })) },
    });
  await read('github', 'list_issues', 'get_file');
  await read('grafana', 'get_dashboard');
  for (const object of ['github:@read', 'grafana:@read'])
    await client.rules.create({ params, body: { effect: 'allow', subject: 'team:juniors', object } });
  await client.servers.update({
    params: { ...params, server: 'deploy' },
    body: { visibility: ['team:leads', 'machine:ci'] },
  });
  await client.workspaces.update({ params, body: { settings: { access: { enforcement: true } } } });
  await until('the rules hold', async () => (await product.toolNames({ token: tokens.junior })).length === 3);
}, 30_000);
afterAll(() => stack.disposeAsync());

const junior = ['list_issues', 'get_file', 'get_dashboard'];
const senior = ['list_issues', 'get_file', 'create_issue', 'delete_repo', 'get_dashboard', 'delete_dashboard'];
const everything = [...senior, 'roll_out'];
const notAllowed = { code: -32003, message: 'Tool not allowed for this user' };

const dispatched = (): number => Object.values(upstreams).reduce((sum, upstream) => sum + upstream.calls().length, 0);

/** The three generations and the two URLs by which one thing can be asked for. */
const ways = (['bare', 'legacy', 'modern'] as const).flatMap((era) =>
  (['workspace', 'server'] as const).map((url) => [era, url] as const),
);

async function ask(
  [era, url]: (typeof ways)[number],
  token: string,
  server: string,
  method: string,
  asked: Record<string, unknown>,
): Promise<RpcMessage> {
  const at = url === 'server' ? { token, server } : { token };
  if (era === 'modern') return (await product.modern(method, asked, at)).message;
  if (era === 'bare') return (await product.rpc({ jsonrpc: '2.0', id: 1, method, params: asked }, at)).message;
  const session = await openSession(product, at);
  using answer = await session.post({ jsonrpc: '2.0', id: 1, method, params: asked });
  await until('the answer', async () => answer.state !== 'open');
  return answer.messages().at(-1) ?? (JSON.parse(answer.text) as RpcMessage);
}

describe('juniors, seniors, a lead and CI', () => {
  it.each([
    ['junior', junior],
    ['senior', senior],
    ['lead', everything],
    ['ci', everything],
    ['workspace', everything],
  ] as const)(
    '[L2-08] %s: each real client lists and calls exactly what the rules say',
    async (who, expected) => {
      const requestInit = { headers: { authorization: `Bearer ${tokens[who]}` } };
      const url = new URL(product.gateway());
      const v1 = new ClientV1({ name: 'sdk-v1', version: '1' });
      await v1.connect(new TransportV1(url, { requestInit }));
      const v2 = new ClientV2(
        { name: 'sdk-v2', version: '1' },
        { versionNegotiation: { mode: { pin: '2026-07-28' } } },
      );
      await v2.connect(new TransportV2(url, { requestInit }));
      const stdio = new ClientV1({ name: 'stdio', version: '1' });
      await stdio.connect(
        new StdioClientTransport({
          ...connectCommand(product.gateway(), { MCPNEST_TOKEN: tokens[who] }),
          stderr: 'ignore',
        }),
      );
      for (const client of [v1, v2, stdio]) {
        const { tools } = await client.listTools();
        expect(tools.map(({ name }) => name)).toEqual(expected);
        const before = dispatched();
        for (const name of everything) {
          const called = await client.callTool({ name, arguments: {} }).then(
            () => 'called',
            (error: Error & { code?: number }) => error.code,
          );
          const unknown = name === 'roll_out' ? -32602 : -32003;
          expect([name, called]).toEqual([name, (expected as readonly string[]).includes(name) ? 'called' : unknown]);
        }
        expect(dispatched() - before).toBe(expected.length);
        await client.close();
      }
    },
    30_000,
  );

  it.each(ways)('[L2-05][GW-18] what is denied stays denied: %s at the URL of the %s', async (...way) => {
    const seen = () => upstreams.github.seen.filter(({ method }) => /call|get|read|complete/.test(method)).length;
    const before = seen();
    for (const name of ['create_issue', 'delete_repo']) {
      expect((await ask(way, tokens.junior, 'github', 'tools/call', { name, arguments: {} })).error).toMatchObject(
        notAllowed,
      );
    }
    const prompt = await ask(way, tokens.junior, 'github', 'prompts/get', { name: 'github_prompt' });
    expect(prompt.error).toMatchObject({ code: -32003, message: 'Prompt not allowed for this user' });
    for (const uri of ['github://one', 'github://all/7']) {
      const { error } = await ask(way, tokens.junior, 'github', 'resources/read', { uri });
      expect(error).toMatchObject({ code: -32003, message: 'Resource not allowed for this user' });
    }
    for (const ref of [
      { type: 'ref/prompt', name: 'github_prompt' },
      { type: 'ref/resource', uri: 'github://all/{id}' },
    ]) {
      const { error } = await ask(way, tokens.junior, 'github', 'completion/complete', {
        ref,
        argument: { name: 'id', value: '1' },
      });
      expect(error?.code).toBe(-32003);
    }
    expect(seen()).toBe(before);
    for (const [method, member] of [
      ['prompts/list', 'prompts'],
      ['resources/list', 'resources'],
      ['resources/templates/list', 'resourceTemplates'],
    ] as const) {
      expect((await ask(way, tokens.junior, 'github', method, {})).result?.[member]).toEqual([]);
      const all = (await ask(way, tokens.senior, 'github', method, {})).result?.[member] as object[];
      expect(all.length).toBe(way[1] === 'server' ? 1 : 2);
    }
  });

  it.each(ways.filter(([, url]) => url === 'workspace'))(
    '[REG-05] a hidden server is an unknown one: %s',
    async (...way) => {
      const answer = async (name: string) => (await ask(way, tokens.senior, 'deploy', 'tools/call', { name })).error;
      expect(JSON.stringify(await answer('roll_out')).replace('roll_out', 'X')).toBe(
        JSON.stringify(await answer('nothing')).replace('nothing', 'X'),
      );
      const at = { token: tokens.senior };
      const hidden = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'ping' }, { ...at, server: 'deploy' });
      const missing = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'ping' }, { ...at, server: 'nothing' });
      expect([hidden.status, hidden.text.replace('deploy', 'X')]).toEqual([404, missing.text.replace('nothing', 'X')]);
    },
  );

  it('[L2-09] a deny rule refuses whom nothing else limits, and an absolute one the workspace token, too', async () => {
    const { client } = product;
    const deny = (absolute: boolean) =>
      client.rules.create({
        params,
        body: { effect: 'deny', subject: 'everybody', object: 'github:delete_*', absolute },
      });
    const code = async (token: string) => (await product.call('delete_repo', {}, { token })).message.error?.code;
    const soft = await deny(false);
    await until('it bites', async () => (await code(tokens.senior)) === -32003, 1_000);
    expect([await code(tokens.ci), await code(tokens.workspace)]).toEqual([-32003, undefined]);
    await client.rules.remove({ params: { ...params, rule: soft.id } });
    const hard = await deny(true);
    await until('it bites', async () => (await code(tokens.workspace)) === -32003, 1_000);
    expect(await product.toolNames()).not.toContain('delete_repo');
    await client.rules.remove({ params: { ...params, rule: hard.id } });
    await until('it is gone', async () => (await code(tokens.workspace)) === undefined, 1_000);
  });
});

describe('a rule that changes', () => {
  const changed = (stream: OpenEvents): number =>
    stream.messages().filter(({ method }) => method === 'notifications/tools/list_changed').length;

  it('[L2-04] bites within a second, is told to those it concerns and to nobody else', async () => {
    const { client } = product;
    const streams = Object.fromEntries(
      await Promise.all(
        (['junior', 'senior', 'lead', 'workspace'] as const).map(async (who) => {
          const session = await openSession(product, { token: tokens[who] });
          return [who, await session.get()] as const;
        }),
      ),
    );
    await sleep(500);
    const made = await client.rules.create({
      params,
      body: { effect: 'allow', subject: 'team:juniors', object: 'github:create_issue', expiresInDays: 1 },
    });
    const allowed = async () =>
      (await product.call('create_issue', {}, { token: tokens.junior })).message.error === undefined;
    await until('the new rule', allowed, 1_000);
    await until('the junior is told', async () => changed(streams['junior']!) === 1);
    await client.rules.remove({ params: { ...params, rule: made.id } });
    await until('the rule is gone', async () => !(await allowed()), 1_000);
    await until('the junior is told', async () => changed(streams['junior']!) === 2);
    await sleep(500);
    expect(['senior', 'lead', 'workspace'].map((who) => changed(streams[who]!))).toEqual([0, 0, 0]);
    for (const stream of Object.values(streams)) stream[Symbol.dispose]();
  });

  it('[NEW-15] ends at its moment, in the list as in the call, and is told', async () => {
    const { client } = product;
    const session = await openSession(product, { token: tokens.junior });
    using stream = await session.get();
    const expiresAt = new Date(Date.now() + 1_800).toISOString();
    const body = {
      effect: 'allow',
      subject: 'member:junior@example.com',
      object: 'github:delete_repo',
      expiresAt,
    } as const;
    const made = await client.rules.create({ params, body });
    const listed = async () => (await product.toolNames({ token: tokens.junior })).includes('delete_repo');
    await until('it is listed', listed, 1_000);
    await until('its moment', async () => Date.now() >= Date.parse(expiresAt));
    expect((await product.call('delete_repo', {}, { token: tokens.junior })).message.error).toMatchObject(notAllowed);
    expect(await listed()).toBe(false);
    await until('it is told', async () => changed(stream) === 2);
    await client.rules.remove({ params: { ...params, rule: made.id } });
  });

  it('[REG-05] a server that is hidden loses its streams and its URL, and nothing else does', async () => {
    const { client } = product;
    const grafana = { ...params, server: 'grafana' };
    const open = async (token: string) => (await openSession(product, { token, server: 'grafana' })).get();
    using mine = await open(tokens.junior);
    using other = await open(tokens.lead);
    await client.servers.update({ params: grafana, body: { visibility: ['team:leads'] } });
    await mine.over(1_000);
    expect(other.state).toBe('open');
    expect(await product.toolNames({ token: tokens.junior })).toEqual(['list_issues', 'get_file']);
    await client.servers.update({ params: grafana, body: { visibility: ['workspace'] } });
    await until('it is back', async () => (await product.toolNames({ token: tokens.junior })).length === 3);
  });

  it('[L2-03] enforcement is a switch; while off, calls go on and their rows say what would have refused them', async () => {
    const { client } = product;
    const enforce = (enforcement: boolean) =>
      client.workspaces.update({ params, body: { settings: { access: { enforcement } } } });
    const code = async () => (await product.call('create_issue', {}, { token: tokens.junior })).message.error?.code;
    await enforce(false);
    await until('it is off', async () => (await code()) === undefined, 1_000);
    expect(await product.toolNames({ token: tokens.junior })).toEqual(senior);
    await enforce(true);
    await until('it is on', async () => (await code()) === -32003, 1_000);
    const rows = (await product.calls()).filter(
      (row) => row.tool_name === 'create_issue' && row.member_id === members.junior,
    );
    const observed = rows.filter((row) => row['would_deny'] !== null);
    expect(observed[0]).toMatchObject({ outcome: 'ok', rule: 'member', would_deny: 'not-listed' });
    expect(rows.at(-1)).toMatchObject({ outcome: 'denied', rule: 'not-listed', would_deny: null, dispatched: 0 });
  });

  it('[L2-06] no rule, no access, once the workspace is strict', async () => {
    const { client } = product;
    const preset = (to: 'open' | 'strict') =>
      client.workspaces.update({ params, body: { settings: { access: { preset: to } } } });
    await preset('strict');
    await until('it is strict', async () => (await product.toolNames({ token: tokens.senior })).length === 0, 1_000);
    const { error } = (await product.call('list_issues', {}, { token: tokens.senior })).message;
    expect(error).toMatchObject({ ...notAllowed, data: { reason: expect.stringContaining('strict') as string } });
    expect(await product.toolNames({ token: tokens.junior })).toEqual(junior);
    expect(await product.toolNames()).toEqual(everything);
    await preset('open');
    await until('it is open', async () => (await product.toolNames({ token: tokens.senior })).length === 6, 1_000);
  });
});

describe('a rule that is made while a list is read', () => {
  it('[L2-09] holds for the call that waits for the list', async () => {
    await using own = await startProduct();
    let answer = (): void => undefined;
    const reading = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = stack.use(
      await startEchoUpstream({
        tools: ['late'],
        intercept: (request, id, res) => {
          if (request.method !== 'tools/list') return false;
          const tools = [{ name: 'late', inputSchema: { type: 'object' } }];
          const body = `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify({ tools })}}`;
          void reading.then(() => res.writeHead(200, { 'content-type': 'application/json' }).end(body));
          return true;
        },
      }),
    );
    await own.addServer({ slug: 'slow', url: slow.url });
    const calling = own.call('late', {}, { server: 'slow' });
    await until('the list is being read', async () => slow.seen.some(({ method }) => method === 'tools/list'));
    await own.client.rules.create({
      params: { workspace: own.workspace },
      body: { effect: 'deny', subject: 'everybody', object: 'slow:late', absolute: true },
    });
    await sleep(1_200);
    answer();
    expect((await calling).message.error?.code).toBe(-32003);
    expect(slow.calls()).toEqual([]);
  });
});
