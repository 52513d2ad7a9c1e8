import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { offering } from '../upstreams/offering.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstreams: Record<'box' | 'lab', EchoUpstream>;
let params: { workspace: string };
let tokens: readonly string[];
let members: { junior: string; senior: string };
let junior: string;

const longName = `a_tool_whose_name_is_longer_than_a_record_keeps_of_it_${'x'.repeat(40)}`;
const tools = ['look', 'change', 'drop', longName];
const offer = (name: string) =>
  offering({
    prompts: [{ name: `${name}_prompt`, arguments: [{ name: 'a' }] }],
    resources: [{ uri: `${name}://one`, name: 'one' }],
    templates: [{ uriTemplate: `${name}://all/{id}`, name: 'all' }],
  });

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  const { client } = product;
  upstreams = {
    box: stack.use(await startEchoUpstream({ era: 'both', tools, ...offer('box') })),
    lab: stack.use(await startEchoUpstream({ era: 'both', tools: ['measure', 'reset'], ...offer('lab') })),
  };
  for (const [slug, { url }] of Object.entries(upstreams)) await product.addServer({ slug, url });
  const person = async (name: string) =>
    (await client.members.add({ params, body: { email: `${name}@example.com` } })).id;
  members = { junior: await person('junior'), senior: await person('senior') };
  await client.teams.create({ params, body: { name: 'Crew' } });
  await client.teams.addMember({ params: { ...params, team: 'crew', member: members.junior } });
  const machine = await client.machines.create({ params, body: { name: 'ci', ownerId: members.senior } });
  const issue = async (body: object) => (await client.tokens.issue({ params, body: { label: 't', ...body } })).secret;
  junior = await issue({ kind: 'member', memberId: members.junior });
  tokens = [
    junior,
    await issue({ kind: 'member', memberId: members.senior }),
    await issue({ kind: 'member', memberId: members.senior, scope: ['box:look', 'lab'] }),
    await issue({ kind: 'machine', machineId: machine.id }),
    product.workspaceToken,
  ];
  await product.toolNames();
  await until('the tokens work', async () => (await product.toolNames({ token: tokens[3]! })).length === 6);
}, 30_000);
afterAll(() => stack.disposeAsync());

/** A fixed sequence of numbers (xorshift32), so that a run that fails can be had again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const explain = (call: string) => product.client.calls.explain({ params: { ...params, call } });

async function everyCall() {
  await product.calls();
  const items = [];
  let cursor: string | undefined;
  do {
    const page = await product.client.calls.list({ params, query: { limit: 200, cursor } });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

describe('a recorded call', () => {
  it('[AUD-07][AUD-09][REG-09][NEW-01] is decided again as it was, whatever changed while it ran and has been deleted since', async () => {
    const pick = numbers(20_261_121);
    const one = <T>(from: readonly T[]): T => from[pick(from.length)]!;
    const { client } = product;
    const subjects = ['everybody', 'member:junior@example.com', 'team:crew', 'machine:ci'];
    const objects = [
      'box',
      'box:look',
      'box:d*',
      'lab:@write',
      '*:@read',
      'box:@prompts',
      '*:@resources',
      `box:${longName}`,
    ];
    const rules: string[] = [];
    const stops: string[] = [];
    const soon = () => new Date(Date.now() + 300 + pick(1_500)).toISOString();
    const change: readonly (() => Promise<unknown>)[] = [
      async () => {
        const effect = one(['allow', 'deny'] as const);
        const expiresAt = one([null, soon()]);
        const absolute = effect === 'deny' && pick(2) === 0;
        const subject = absolute ? 'everybody' : one(subjects);
        rules.push(
          (await client.rules.create({ params, body: { effect, subject, object: one(objects), absolute, expiresAt } }))
            .id,
        );
      },
      async () => {
        const rule = rules.splice(pick(rules.length), 1)[0];
        if (rule !== undefined) await client.rules.remove({ params: { ...params, rule } });
      },
      async () => {
        const target = one(['member:junior@example.com', 'machine:ci', 'server:lab', 'tool:box:look']);
        stops.push((await client.stops.create({ params, body: { target, reason: 'x', expiresAt: soon() } })).id);
      },
      async () => {
        const stop = stops.splice(pick(stops.length), 1)[0];
        if (stop !== undefined) await client.stops.remove({ params: { ...params, stop } });
      },
      () => {
        const body = { classes: [{ tool: one(['look', 'drop']), class: one(['read', 'destructive', null] as const) }] };
        return client.serverTools.classify({ params: { ...params, server: 'box' }, body });
      },
      () => {
        const settings = [{ target: one(['drop', '@destructive']), approval: one(['required', 'none'] as const) }];
        return client.approvalSettings.update({ params: { ...params, server: 'box' }, body: { settings } });
      },
      () =>
        client.servers.update({
          params: { ...params, server: 'lab' },
          body: { visibility: one([['team:crew'], ['everybody']]) },
        }),
      () =>
        client.servers.update({ params: { ...params, server: 'lab' }, body: { pinning: one(['on', 'off'] as const) } }),
      () =>
        client.servers.update({
          params: { ...params, server: 'lab' },
          body: { limits: { perMinute: one([null, 5]) } },
        }),
      () => client.drills.start({ params: { ...params, server: 'lab' }, body: { seconds: 60 } }),
      () => client.drills.stop({ params: { ...params, server: 'lab' } }),
    ];
    const args = () => ({ n: pick(5) });
    const call: readonly ((token: string) => Promise<unknown>)[] = [
      (token) => product.call(one(tools), args(), { token }),
      (token) => product.call(one(tools), args(), { token }),
      (token) => product.call(one(['measure', 'reset']), args(), { token }),
      (token) =>
        product.modern('tools/call', { name: one([...tools, 'measure', 'nothing']), arguments: {} }, { token }),
      (token) => product.modern('prompts/get', { name: one(['box_prompt', 'lab_prompt']) }, { token }),
      (token) => product.modern('resources/read', { uri: one(['box://one', 'lab://all/7', 'gone://x']) }, { token }),
      (token) => {
        const ref = one([
          { type: 'ref/prompt', name: 'box_prompt' },
          { type: 'ref/resource', uri: 'lab://all/{id}' },
        ]);
        return product.modern('completion/complete', { ref, argument: { name: 'a', value: 'b' } }, { token });
      },
    ];
    const modes = [
      { preset: 'open', enforcement: false },
      { preset: 'open', enforcement: true },
      { preset: 'strict' },
    ] as const;
    const kept = {
      effect: 'allow',
      subject: 'member:senior@example.com',
      object: 'box:look',
      expiresAt: null,
    } as const;
    await client.rules.create({ params, body: kept });
    for (let round = 0; round < 90; round++) {
      const access = modes[(round / 10) % 3];
      if (access !== undefined) await client.workspaces.update({ params, body: { settings: { access } } });
      // Nothing waits for anything: calls run while what decides them changes.
      await Promise.all([
        one(change)().catch(() => undefined),
        ...Array.from({ length: 8 }, () => one(call)(one(tokens)).catch(() => undefined)),
      ]);
      const { items } = await client.approvals.list({ params, query: { show: 'pending' } });
      if (items.length > 0 && pick(2) === 0)
        await client.approvals
          .approve({ params: { ...params, approval: items[0]!.id }, body: {} })
          .catch(() => undefined);
    }
    const calls = await everyCall();
    for (const rule of rules) await client.rules.remove({ params: { ...params, rule } }).catch(() => undefined);
    await client.members.remove({ params: { ...params, member: members.junior } });
    await client.servers.remove({ params: { ...params, server: 'lab' } });

    const tally = new Map<string, number>();
    for (const { id } of calls) {
      const explanation = await explain(id);
      const { verdict, decision, policy, call: row } = explanation;
      if (verdict === 'different' || verdict === 'unproven') expect(explanation).toBe('the recorded decision');
      expect(policy).toMatchObject({ intact: true, asRecorded: true, version: row.policyVersion });
      if (verdict === 'not-decided') expect(row.rule).toMatch(/^(?:protocol|unknown-\w+|limit:.*)$/);
      else if (/^(?:approval|drill):/.test(row.rule!)) expect(decision!.effect).toBe('allow');
      else expect([decision!.rule, decision!.effect]).toEqual([row.rule, row.outcome === 'denied' ? 'deny' : 'allow']);
      const kind = verdict === 'same' ? (row.wouldDeny ?? row.rule!.split(':')[0]!) : verdict;
      tally.set(kind, (tally.get(kind) ?? 0) + 1);
    }
    expect(calls.length).toBeGreaterThan(400);
    // The mix is one of everything, or it has shown nothing.
    for (const kind of [
      'rule',
      'stop',
      'member',
      'workspace-token',
      'not-listed',
      'no-rule',
      'server',
      'token-scope',
      'pin',
      'approval',
      'drill',
      'not-decided',
    ])
      expect([kind, (tally.get(kind) ?? 0) > 0]).toEqual([kind, true]);
  }, 120_000);
});
