import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
const dayMs = 86_400_000;
let kit: Kit;
let cy: { id: string; client: Client; token: string };
beforeEach(async () => {
  kit = await startKit();
  for (const name of ['github', 'grafana']) {
    const { id } = await kit.owner.servers.create({ params, body: { name, url: `https://${name}.example.com/mcp` } });
    const body = JSON.stringify([`{"name":"${name}_read"}`, `{"name":"${name}_write"}`]);
    await kit.database.db
      .insertInto('upstream_lists')
      .values({ server_id: id, kind: 'tools', revision: 1, body, fetched_at: 'x' })
      .execute();
  }
  const client = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const id = (await kit.owner.members.list({ params })).items.find((item) => item.email === 'cy@example.com')!.id;
  const { token } = await kit.owner.tokens.issue({ params, body: { kind: 'member', memberId: id, label: 'laptop' } });
  cy = { id, client, token: token.id };
});
afterEach(() => kit[Symbol.asyncDispose]());

const allow = (object: string, more: object = {}) =>
  kit.owner.rules.create({ params, body: { effect: 'allow', subject: 'member:cy@example.com', object, ...more } });
const access = (settings: object) => kit.owner.workspaces.update({ params, body: { settings: { access: settings } } });
let seq = 0;
/** A recorded call, as the journal's shipper writes it. */
const called = async (
  server: string,
  tool: string,
  more: { token?: string; daysAgo?: number; count?: number; rule?: string; method?: string } = {},
) => {
  const { id: workspace_id } = (await kit.snapshot('acme')).workspace;
  const created_at = new Date(Date.UTC(2026, 10, 21, 11) - (more.daysAgo ?? 1) * dayMs).toISOString();
  const nothing = {
    error_code: null,
    upstream_ms: null,
    would_deny: null,
    definition_hash: null,
    args_shape: null,
    args_mac: null,
    protocol_version: null,
    client_name: null,
    trace_id: null,
  };
  await kit.database.db
    .insertInto('mcp_tool_calls')
    .values({
      ...nothing,
      id: `call-${String(++seq).padStart(6, '0')}`,
      workspace_id,
      member_id: null,
      token_id: more.token ?? cy.token,
      principal_kind: 'member',
      server_id: server,
      server_slug: server,
      tool_name: tool,
      status: 200,
      outcome: 'ok',
      latency_ms: 1,
      created_at,
      dispatched: 1,
      rule: more.rule ?? 'member',
      policy_version: 1,
      era: 'modern',
      bytes_in: 1,
      bytes_out: 1,
      node: 'n',
      epoch: 1,
      seq,
      method: more.method ?? 'tools/call',
      repeat_count: more.count ?? 1,
    })
    .execute();
};

describe('[NEW-10] why', () => {
  const explain = (client: Client, query: object = {}) => client.access.explain({ params, query });

  it('a member sees each tool with what decided and whom to ask', async () => {
    const rule = await allow('github:github_read');
    await access({ enforcement: true });
    const report = await explain(cy.client);
    expect(report).toMatchObject({
      subject: 'member:cy@example.com',
      enforcement: true,
      ask: ['ada@example.com'],
      complete: true,
    });
    expect(report.items.map(({ tool, verdict, rule: by }) => [tool, verdict, by])).toEqual([
      ['github_read', 'allowed', `rule:${rule.id}`],
      ['github_write', 'denied', 'not-listed'],
      ['grafana_read', 'denied', 'not-listed'],
      ['grafana_write', 'denied', 'not-listed'],
    ]);
    expect(report.items[0]).toMatchObject({
      decidedBy: { id: rule.id },
      reason: expect.stringContaining('allow member:cy@example.com') as string,
    });
    expect(JSON.stringify(report)).not.toContain('createdBy');
    await access({ enforcement: false });
    expect((await explain(cy.client, { server: 'github', tool: 'github_write' })).items).toMatchObject([
      { verdict: 'allowed', wouldDeny: 'not-listed', reason: expect.stringContaining('enforcement is off') as string },
    ]);
  });

  it('an admin asks about anybody, a member about nobody else, and a hidden server is no news to who may not see it', async () => {
    const hidden = { ...params, server: 'grafana' };
    await kit.owner.servers.update({ params: hidden, body: { visibility: ['member:ada@example.com'] } });
    await kit.owner.machines.create({ params, body: { name: 'ci' } });
    expect((await explain(kit.owner, { member: 'cy@example.com' })).items.at(-1)).toMatchObject({
      server: 'grafana',
      tool: null,
      verdict: 'hidden',
    });
    expect((await explain(kit.owner, { machine: 'ci', server: 'github' })).subject).toBe('machine:ci');
    expect((await explain(kit.owner)).subject).toBe('member:ada@example.com');
    expect((await explain(cy.client, { member: 'CY@example.com' })).items.map((item) => item.server)).toEqual([
      'github',
      'github',
    ]);
    expect(await failure(explain(cy.client, { server: 'grafana' }))).toMatchObject({ code: 'not_found' });
    for (const query of [{ member: 'ada@example.com' }, { member: 'nobody@example.com' }, { machine: 'ci' }]) {
      expect(await failure(explain(cy.client, query))).toMatchObject({ code: 'forbidden' });
    }
    expect(await failure(explain(kit.owner, { member: 'nobody@example.com' }))).toMatchObject({ code: 'not_found' });
    expect(await failure(explain(kit.owner, { member: cy.id, machine: 'ci' }))).toMatchObject({
      code: 'invalid_input',
    });
    expect(await failure(explain(kit.local))).toMatchObject({ issues: [{ path: 'query.member' }] });
  });
});

describe('[NEW-10] a request for access', () => {
  const ask = (object: string, days = 3) =>
    cy.client.accessRequests.create({ params, body: { object, reason: 'to release', days } });
  const of = (request: string) => ({ params: { ...params, request } });

  it('waits, is granted with a rule that ends, and everything is on record', async () => {
    await allow('github:github_read', { expiresAt: null });
    await access({ enforcement: true });
    const asked = await ask('github:github_write');
    expect(asked).toMatchObject({ state: 'pending', email: 'cy@example.com', days: 3 });
    expect((await kit.owner.accessRequests.list({ params, query: { state: 'pending' } })).items).toEqual([asked]);
    const granted = await kit.owner.accessRequests.grant({ ...of(asked.id), body: { days: 1 } });
    const rule = await kit.owner.rules.show({ params: { ...params, rule: granted.ruleId! } });
    expect(rule).toMatchObject({
      subject: 'member:cy@example.com',
      expiresAt: '2026-11-22T12:00:00.000Z',
      note: 'Asked for: to release',
    });
    expect((await cy.client.accessRequests.list({ params })).items).toMatchObject([{ state: 'granted' }]);
    expect(
      (await cy.client.access.explain({ params, query: { server: 'github', tool: 'github_write' } })).items,
    ).toMatchObject([{ verdict: 'allowed' }]);
    expect(await failure(kit.owner.accessRequests.grant({ ...of(asked.id), body: {} }))).toMatchObject({
      code: 'conflict',
    });
    const events = (await kit.owner.auditEvents.list({ params })).items.map((event) => event.action);
    expect(events.slice(0, 2)).toEqual(['accessRequests.grant', 'accessRequests.create']);
    kit.advance(dayMs + 1);
    const again = await ask('github:github_write');
    await kit.owner.accessRequests.grant({ ...of(again.id), body: {} });
    expect((await kit.owner.rules.show({ params: { ...params, rule: rule.id } })).expiresAt).toBe(
      '2026-11-25T12:00:00.001Z',
    );
  });

  it('is refused with a reason, and grants nothing', async () => {
    await allow('github:github_read');
    const asked = await ask('github:github_write');
    const refused = await kit.owner.accessRequests.refuse({ ...of(asked.id), body: { reason: 'ask the on-call' } });
    expect(refused).toMatchObject({ state: 'refused', answer: 'ask the on-call', ruleId: null });
    expect((await kit.owner.rules.list({ params })).items).toHaveLength(1);
  });

  it('is not made for what is hidden, allowed, asked for already, or beyond what an allow rule can give', async () => {
    expect(await failure(ask('github:github_write'))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('No allow rule limits') as string,
    });
    await allow('github:github_read');
    expect(await failure(ask('github:github_read'))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('already') as string,
    });
    await kit.owner.rules.create({
      params,
      body: { effect: 'deny', subject: 'everybody', object: 'grafana:grafana_write' },
    });
    expect(await failure(ask('grafana:grafana_write'))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('denies it') as string,
    });
    await kit.owner.servers.update({
      params: { ...params, server: 'grafana' },
      body: { visibility: ['member:ada@example.com'] },
    });
    expect(await failure(ask('grafana:grafana_read'))).toMatchObject({
      code: 'not_found',
      detail: "No server 'grafana' here.",
    });
    expect(await failure(ask('missing:x'))).toMatchObject({ code: 'not_found', detail: "No server 'missing' here." });
    await ask('github:github_write');
    expect(await failure(ask('github:github_write'))).toMatchObject({ code: 'already_exists' });
    for (let i = 1; i < 20; i++) await ask(`github:other_${i}`);
    expect(await failure(ask('github:one_more'))).toMatchObject({ code: 'conflict' });
    const body = { object: 'github:x', reason: 'r' };
    expect(await failure(kit.local.accessRequests.create({ params, body }))).toMatchObject({ code: 'invalid_input' });
  });

  it('[L2-07] is decided by an admin who did not make it, and seen by its member and admins only', async () => {
    await allow('github:github_read');
    const asked = await ask('github:github_write');
    const di = kit.clientOf(await kit.memberKey('acme', 'di@example.com', 'member'));
    expect((await di.accessRequests.list({ params })).items).toEqual([]);
    for (const client of [di, cy.client]) {
      expect(await failure(client.accessRequests.grant({ ...of(asked.id), body: {} }))).toMatchObject({
        code: 'forbidden',
      });
    }
    await kit.owner.members.update({ params: { ...params, member: cy.id }, body: { role: 'admin' } });
    const { secret } = await kit.owner.apiKeys.issue({
      params,
      body: { email: 'cy@example.com', role: 'admin', label: 'k' },
    });
    expect(await failure(kit.clientOf(secret).accessRequests.grant({ ...of(asked.id), body: {} }))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('your own') as string,
    });
    await kit.owner.members.remove({ params: { ...params, member: cy.id } });
    expect(await failure(kit.owner.accessRequests.grant({ ...of(asked.id), body: {} }))).toMatchObject({
      code: 'not_found',
    });
  });
});

describe('[NEW-01] simulation', () => {
  const simulate = (body: object) => kit.owner.policy.simulate({ params, body });

  it('lists who would newly be denied what, and how often, and changes nothing', async () => {
    await allow('github:github_read');
    const workspaceToken = (await kit.owner.tokens.list({ params })).items.find(
      (item) => item.kind === 'workspace',
    )!.id;
    await called('github', 'github_read', { count: 2 });
    await called('github', 'github_write', { count: 3 });
    const second = await kit.owner.tokens.issue({ params, body: { kind: 'member', memberId: cy.id, label: 'other' } });
    await called('github', 'github_write', { token: second.token.id });
    await kit.owner.tokens.revoke({ params: { ...params, token: second.token.id } });
    await called('grafana', 'grafana_write', { token: workspaceToken });
    await called('github', 'github_write', { daysAgo: 40 });
    await called('github', 'nonsense', { rule: 'unknown-tool' });
    await called('gone', 'x');
    const before = [await kit.snapshot('acme'), (await kit.owner.auditEvents.list({ params })).items];
    const result = await simulate({ enforcement: true });
    expect(result).toMatchObject({ calls: 8, skipped: 1, complete: true, newlyAllowed: [] });
    expect(result.newlyDenied).toEqual([
      {
        who: 'member:cy@example.com',
        server: 'github',
        method: 'tools/call',
        tool: 'github_write',
        calls: 4,
        lastAt: '2026-11-20T11:00:00.000Z',
        before: 'member',
        after: 'not-listed',
      },
    ]);
    expect((await simulate({ enforcement: true, days: 60 })).newlyDenied[0]?.calls).toBe(5);
    expect([await kit.snapshot('acme'), (await kit.owner.auditEvents.list({ params })).items]).toEqual(before);
  });

  it('judges rules and not definitions: what is held back of a pinned server is judged as if it were approved', async () => {
    await allow('github:github_read');
    await called('github', 'github_write');
    await kit.owner.servers.update({ params: { ...params, server: 'github' }, body: { pinning: 'on' } });
    expect((await simulate({ enforcement: true })).newlyDenied).toMatchObject([
      { tool: 'github_write', before: 'member', after: 'not-listed' },
    ]);
  });

  it('tries a document: what it would newly allow and deny, workspace tokens and prompts included', async () => {
    await access({ preset: 'strict' });
    await called('github', 'github_read');
    await called('github', 'a_prompt', { method: 'prompts/get' });
    await called('grafana', 'grafana://all/{id}', { method: 'completion/complete' });
    const workspaceToken = (await kit.owner.tokens.list({ params })).items.find(
      (item) => item.kind === 'workspace',
    )!.id;
    await called('grafana', 'grafana_write', { token: workspaceToken });
    const rules = [
      { effect: 'allow', subject: 'everybody', object: 'github:@prompts' },
      { effect: 'allow', subject: 'member:cy@example.com', object: 'grafana:@resources' },
      { effect: 'deny', subject: 'everybody', object: 'grafana:*', absolute: true },
    ];
    const result = await simulate({ document: { format: 'mcpnest-rules/1', rules } });
    expect(result.newlyAllowed.map(({ tool }) => tool).sort()).toEqual(['a_prompt', 'grafana://all/{id}']);
    expect(result.newlyDenied).toMatchObject([
      { who: 'workspace token', tool: 'grafana_write', before: 'workspace-token' },
    ]);
    expect((await kit.owner.rules.list({ params })).items).toEqual([]);
  });

  it('says what it cannot try', async () => {
    expect(await failure(simulate({}))).toMatchObject({ code: 'invalid_input' });
    expect(await failure(simulate({ preset: 'strict', enforcement: false }))).toMatchObject({
      issues: [{ path: 'body.enforcement' }],
    });
    const rules = [{ effect: 'allow', subject: 'team:nobody', object: '*' }];
    expect(await failure(simulate({ document: { format: 'mcpnest-rules/1', rules } }))).toMatchObject({
      issues: [{ path: 'body.document.rules.0.subject' }],
    });
    expect(await failure(cy.client.policy.simulate({ params, body: { enforcement: true } }))).toMatchObject({
      code: 'forbidden',
    });
  });

  it('reads more than one page', async () => {
    for (let i = 0; i < 2_100; i++) await called('github', 'github_read');
    expect(await simulate({ preset: 'strict' })).toMatchObject({ calls: 2_100, newlyDenied: [{ calls: 2_100 }] });
  });
});

describe('[NEW-15] unused rights', () => {
  const unused = (days: number) => kit.owner.policy.unused({ params, query: { days } });

  it('are the old allow rules no call needed; the proposal ends them and nothing else', async () => {
    await allow('github:github_read', { expiresAt: null });
    const idle = await allow('grafana:*', { expiresAt: null });
    await kit.owner.rules.create({ params, body: { effect: 'deny', subject: 'everybody', object: 'grafana:x' } });
    expect(await unused(30)).toMatchObject({ items: [], proposal: null });
    kit.advance(31 * dayMs);
    const young = await allow('grafana:young', { expiresAt: null });
    await called('github', 'github_read', { daysAgo: -30 });
    const report = await unused(30);
    expect(report.items.map((item) => item.id)).toEqual([idle.id]);
    const applied = await kit.owner.policy.import({ params, body: { document: report.proposal! } });
    expect(applied).toMatchObject({
      added: [],
      removed: [],
      unchanged: 3,
      changed: [{ after: { object: 'grafana:*' } }],
    });
    await access({ enforcement: true });
    const { items } = await cy.client.access.explain({ params });
    expect(items.filter((item) => item.verdict === 'allowed').map((item) => item.tool)).toEqual(['github_read']);
    expect((await unused(30)).items).toEqual([]);
    expect(young.expiresAt).toBeNull();
  });

  it('are not for members to see', async () => {
    expect(await failure(cy.client.policy.unused({ params }))).toMatchObject({ code: 'forbidden' });
    expect(await failure(unused(0))).toMatchObject({ issues: [{ path: 'query.days' }] });
  });
});
