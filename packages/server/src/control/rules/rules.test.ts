import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import type { PolicyDocument } from '@mcpnest/contract/schemas/rules';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
let kit: Kit;
let cy: { id: string; client: Client };
beforeEach(async () => {
  kit = await startKit();
  await kit.owner.servers.create({ params, body: { name: 'github-mcp', url: 'https://github.example.com/mcp' } });
  await kit.owner.servers.create({ params, body: { name: 'grafana', url: 'https://grafana.example.com/mcp' } });
  const client = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const { items } = await kit.owner.members.list({ params });
  cy = { id: items.find((item) => item.email === 'cy@example.com')!.id, client };
});
afterEach(() => kit[Symbol.asyncDispose]());

const add = (effect: 'allow' | 'deny', subject: string, object: string, more: object = {}) =>
  kit.owner.rules.create({ params, body: { effect, subject, object, ...more } });
const held = async () =>
  ((await kit.snapshot('acme')).rules ?? []).map(({ effect, subject, object, expiresAt }) => ({
    effect,
    subject,
    object,
    expiresAt,
  }));
const audited = async (action: string) =>
  (await kit.owner.auditEvents.list({ params, query: { action } })).items.map(({ target, detail }) => ({
    target,
    detail,
  }));
const put = (document: unknown, dryRun = false) =>
  kit.owner.policy.import({ params, body: { document: document as PolicyDocument, dryRun } });
const document = (...rules: object[]) => ({ format: 'mcpnest-rules/1', rules });

describe('a rule', () => {
  it('[L2-01] is made, shown by name, changed and deleted, each with its audit event and snapshot', async () => {
    const made = await add('allow', 'member:CY@example.com', 'github-mcp:list_issues', {
      expiresAt: null,
      note: 'reads',
    });
    expect(made).toMatchObject({
      subject: 'member:cy@example.com',
      object: 'github-mcp:list_issues',
      expiresAt: null,
      note: 'reads',
    });
    expect(await held()).toEqual([
      { effect: 'allow', subject: { kind: 'member', id: cy.id }, object: 'github-mcp:list_issues', expiresAt: null },
    ]);
    const one = { ...params, rule: made.id };
    expect(await kit.owner.rules.show({ params: one })).toEqual(made);
    const changed = await kit.owner.rules.update({ params: one, body: { expiresInDays: 1 } });
    expect(changed).toMatchObject({ note: 'reads', expiresAt: '2026-11-22T12:00:00.000Z' });
    expect(await held()).toMatchObject([{ expiresAt: changed.expiresAt }]);
    expect(await kit.owner.rules.update({ params: one, body: { expiresAt: null } })).toMatchObject({ expiresAt: null });
    await kit.owner.rules.remove({ params: one });
    expect(await held()).toEqual([]);
    expect(await failure(kit.owner.rules.show({ params: one }))).toMatchObject({ code: 'not_found' });
    expect((await audited('rules.create'))[0]).toMatchObject({
      target: `rule:${made.id}`,
      detail: { after: { object: made.object } },
    });
    expect(await audited('rules.update')).toHaveLength(2);
    expect(await audited('rules.remove')).toMatchObject([{ detail: { before: { subject: 'member:cy@example.com' } } }]);
    expect((await kit.nudges()).length).toBeGreaterThan(4);
  });

  it.each([
    ['a subject that is nobody', { subject: 'team:nothing' }, 'body.subject'],
    ['a subject of no form', { subject: 'cy@example.com' }, 'body.subject'],
    ['an object of no form', { object: 'github-mcp:a b' }, 'body.object'],
    ['a server that is not there', { object: 'nothing:x' }, 'body.object'],
    ['absolute for one member', { effect: 'deny', absolute: true }, 'body.absolute'],
    ['absolute for an allow rule', { subject: 'everybody', absolute: true }, 'body.absolute'],
    ['an end in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'body.expiresAt'],
    ['two ends', { expiresAt: null, expiresInDays: 3 }, 'body.expiresInDays'],
    ['an id of its own', { id: 'x' }, 'body.id'],
    ['another workspace', { workspaceId: 'x' }, 'body.workspaceId'],
  ])('[L2-01] is refused with %s, naming the place', async (_, wrong, path) => {
    const body = { effect: 'allow', subject: 'member:cy@example.com', object: 'github-mcp:x', ...wrong };
    const response = await kit.send('POST', '/api/v1/workspaces/acme/rules', { body });
    expect([response.status, await response.json()]).toMatchObject([400, { issues: [{ path }] }]);
    expect(await held()).toEqual([]);
  });

  it('is there once for the same effect, subject and object', async () => {
    const made = await add('deny', 'everybody', 'grafana:delete_*');
    expect(await failure(add('deny', 'everybody', 'grafana:delete_*'))).toMatchObject({
      code: 'already_exists',
      detail: expect.stringContaining(made.id) as string,
    });
    await add('allow', 'everybody', 'grafana:delete_*');
  });

  it('[NEW-15] that allows more than reading ends after 90 days unless told otherwise', async () => {
    await kit.owner.serverTools.classify({
      params: { ...params, server: 'grafana' },
      body: { classes: [{ tool: 'get_dashboard', class: 'read' }] },
    });
    const end = async (effect: 'allow' | 'deny', object: string, more = {}) =>
      (await add(effect, 'member:cy@example.com', object, more)).expiresAt;
    const later = '2027-02-19T12:00:00.000Z';
    expect(await end('allow', 'grafana:*')).toBe(later);
    expect(await end('allow', '*:@write')).toBe(later);
    expect(await end('allow', 'github-mcp:unclassified')).toBe(later);
    expect(await end('allow', 'github-mcp', { expiresAt: null })).toBeNull();
    expect(await end('allow', 'grafana:get_dashboard')).toBeNull();
    expect(await end('allow', '*:@read')).toBeNull();
    expect(await end('deny', 'grafana:*')).toBeNull();
  });

  it('[L2-09] names teams and machines; a team that is named stays, and what is removed takes its rules along', async () => {
    await kit.owner.teams.create({ params, body: { name: 'Juniors' } });
    const machine = await kit.owner.machines.create({ params, body: { name: 'ci' } });
    const ofTeam = await add('allow', 'team:juniors', '*:@read');
    await add('deny', 'machine:ci', 'grafana');
    await add('allow', `member:${cy.id}`, 'grafana:x');
    const remove = () => kit.owner.teams.remove({ params: { ...params, team: 'juniors' } });
    expect(await failure(remove())).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('allow *:@read') as string,
    });
    await kit.owner.rules.remove({ params: { ...params, rule: ofTeam.id } });
    const grafana = { ...params, server: 'grafana' };
    await kit.owner.servers.update({ params: grafana, body: { visibility: ['team:juniors'] } });
    expect(await failure(remove())).toMatchObject({ detail: expect.stringContaining('the server grafana') as string });
    await kit.owner.servers.update({ params: grafana, body: { visibility: ['workspace'] } });
    await remove();
    await kit.owner.machines.remove({ params: { ...params, machine: machine.id } });
    await kit.owner.members.remove({ params: { ...params, member: cy.id } });
    expect(await held()).toEqual([]);
    expect(await audited('members.remove')).toMatchObject([{ detail: { left: { rules: ['allow grafana:x'] } } }]);
  });

  it('is found by subject and by server', async () => {
    await add('allow', 'member:cy@example.com', 'grafana:x');
    await add('allow', 'everybody', 'github-mcp:x');
    const objects = async (query: object) =>
      (await kit.owner.rules.list({ params, query })).items.map((item) => item.object);
    expect(await objects({})).toEqual(['grafana:x', 'github-mcp:x']);
    expect(await objects({ subject: `member:${cy.id}` })).toEqual(['grafana:x']);
    expect(await objects({ server: 'github-mcp' })).toEqual(['github-mcp:x']);
    expect(await failure(kit.owner.rules.list({ params, query: { subject: 'team:x' } }))).toMatchObject({
      issues: [{ path: 'query.subject' }],
    });
  });

  it('[L2-07] is nothing a member may see or change; only owners change the mode', async () => {
    const made = await add('deny', 'member:cy@example.com', 'grafana');
    const body = { effect: 'allow', subject: 'everybody', object: '*' } as const;
    const attempts = [
      cy.client.rules.list({ params }),
      cy.client.rules.create({ params, body }),
      cy.client.rules.remove({ params: { ...params, rule: made.id } }),
      cy.client.policy.export({ params }),
      cy.client.policy.import({ params, body: { document: { format: 'mcpnest-rules/1', rules: [] } } }),
      cy.client.allowlists.remove({ params: { ...params, member: cy.id } }),
      cy.client.serverTools.classify({
        params: { ...params, server: 'grafana' },
        body: { classes: [{ tool: 'x', class: 'read' }] },
      }),
      kit
        .clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'))
        .workspaces.update({ params, body: { settings: { access: { enforcement: true } } } }),
    ];
    for (const attempt of attempts) expect(await failure(attempt)).toMatchObject({ code: 'forbidden' });
    expect(await held()).toHaveLength(1);
  });
});

describe('an allowlist', () => {
  const of = () => ({ params: { ...params, member: cy.id } });
  const replace = (...entries: string[]) => kit.owner.allowlists.replace({ ...of(), body: { entries } });

  it('[L2-01][L2-04] is replaced as a whole, as the sources write it, and touches no rule of anybody else', async () => {
    await add('allow', 'everybody', 'grafana:@read');
    await add('deny', 'member:cy@example.com', 'grafana:delete');
    expect(await replace('github-mcp:list_issues', 'grafana:get_dashboard')).toEqual({
      memberId: cy.id,
      entries: ['github-mcp:list_issues', 'grafana:get_dashboard'],
    });
    const before = (await kit.owner.rules.list({ params })).items;
    await replace('grafana:get_dashboard', 'grafana:get_dashboard', 'grafana:other');
    expect((await kit.owner.allowlists.show(of())).entries).toEqual(['grafana:get_dashboard', 'grafana:other']);
    const after = (await kit.owner.rules.list({ params })).items;
    const kept = (object: string, items: typeof after) => items.find((item) => item.object === object)?.id;
    expect(kept('grafana:get_dashboard', after)).toBe(kept('grafana:get_dashboard', before));
    expect(after).toHaveLength(4);
    expect(await audited('allowlists.replace')).toMatchObject([
      { target: `member:${cy.id}`, detail: { after: ['grafana:get_dashboard', 'grafana:other'] } },
      { detail: { before: [], after: ['github-mcp:list_issues', 'grafana:get_dashboard'] } },
    ]);
    const nudges = (await kit.nudges()).length;
    await replace('grafana:other', 'grafana:get_dashboard');
    expect((await kit.nudges()).length).toBe(nudges);
    await kit.owner.allowlists.remove(of());
    expect((await kit.owner.allowlists.show(of())).entries).toEqual([]);
    expect(await held()).toHaveLength(2);
  });

  it('is all or nothing, and never empty by accident', async () => {
    await replace('grafana:x');
    expect(await failure(replace('grafana:y', 'nothing:z'))).toMatchObject({ issues: [{ path: 'body.entries.1' }] });
    expect(await failure(replace())).toMatchObject({
      issues: [{ path: 'body.entries', message: expect.stringContaining('full access') as string }],
    });
    expect((await kit.owner.allowlists.show(of())).entries).toEqual(['grafana:x']);
  });
});

describe('a document', () => {
  it('goes out and in again without a change', async () => {
    await kit.owner.machines.create({ params, body: { name: 'nightly build' } });
    await add('allow', 'machine:nightly build', 'grafana:*', { note: 'every night' });
    await add('deny', 'everybody', '*:@destructive', { absolute: true });
    await add('allow', 'member:cy@example.com', 'github-mcp', { expiresInDays: 3 });
    const version = (await kit.snapshot('acme')).version;
    const out = await kit.owner.policy.export({ params });
    expect(await put(out)).toEqual({ dryRun: false, added: [], removed: [], changed: [], unchanged: 3 });
    expect((await kit.snapshot('acme')).version).toBe(version);
    await put(document());
    expect(await held()).toEqual([]);
    expect(await put(out)).toMatchObject({ unchanged: 0, added: out.rules });
    expect(await kit.owner.policy.export({ params })).toEqual(out);
  });

  it('says what it would change, and then changes exactly that', async () => {
    const stays = await add('allow', 'everybody', 'grafana:@read');
    await add('deny', 'everybody', 'grafana:gone');
    const next = document(
      { effect: 'allow', subject: 'everybody', object: 'grafana:@read', note: 'now with a note' },
      { effect: 'allow', subject: 'member:cy@example.com', object: 'github-mcp:x' },
    );
    const before = await held();
    const dry = await put(next, true);
    expect(dry).toMatchObject({
      dryRun: true,
      added: [{ object: 'github-mcp:x' }],
      removed: [{ object: 'grafana:gone' }],
      changed: [{ before: { note: '' }, after: { note: 'now with a note' } }],
      unchanged: 0,
    });
    expect(await held()).toEqual(before);
    expect(await audited('policy.import')).toEqual([]);
    expect(await put(next)).toEqual({ ...dry, dryRun: false });
    expect((await kit.owner.rules.list({ params })).items.map((item) => item.id)).toContain(stays.id);
    expect(await audited('policy.import')).toMatchObject([
      { target: 'policy', detail: { added: [{ object: 'github-mcp:x' }] } },
    ]);
  });

  it.each([
    ['somebody unknown', { effect: 'allow', subject: 'team:x', object: '*' }, 'body.document.rules.1.subject'],
    ['an unknown server', { effect: 'allow', subject: 'everybody', object: 'x:y' }, 'body.document.rules.1.object'],
    [
      'the same twice',
      { effect: 'deny', subject: 'everybody', object: 'grafana:x', note: 'again' },
      'body.document.rules.1',
    ],
    [
      'a field nobody knows',
      { effect: 'deny', subject: 'everybody', object: '*', id: 'x' },
      'body.document.rules.1.id',
    ],
    ['an effect nobody knows', { effect: 'maybe', subject: 'everybody', object: '*' }, 'body.document.rules.1.effect'],
  ])('with %s changes nothing at all', async (_, wrong, path) => {
    await add('allow', 'everybody', 'github-mcp:x');
    const before = await held();
    const next = document({ effect: 'deny', subject: 'everybody', object: 'grafana:x' }, wrong);
    expect(await failure(put(next))).toMatchObject({ code: 'invalid_input', issues: [{ path }] });
    expect(await held()).toEqual(before);
  });

  it('holds rules about a server that is gone, but takes no new ones', async () => {
    await add('deny', 'everybody', 'grafana:x');
    await kit.owner.servers.remove({ params: { ...params, server: 'grafana' } });
    const out = await kit.owner.policy.export({ params });
    expect(await put(out)).toMatchObject({ unchanged: 1 });
    expect(await failure(put(document({ effect: 'deny', subject: 'everybody', object: 'grafana:y' })))).toMatchObject({
      code: 'invalid_input',
    });
  });

  it('has a bound', async () => {
    const rules = Array.from({ length: 2_501 }, (_, i) => ({
      effect: 'deny',
      subject: 'everybody',
      object: `grafana:t${i}`,
    }));
    expect(await failure(put(document(...rules)))).toMatchObject({ issues: [{ path: 'body.document.rules' }] });
    expect(await put(document(...rules.slice(1)))).toMatchObject({ unchanged: 0 });
    expect(await failure(add('deny', 'everybody', 'grafana:more'))).toMatchObject({ code: 'conflict' });
    expect(await held()).toHaveLength(2_500);
  });
});

it('[L2-03] the mode is the owner’s: off at first, a switch when open, always on when strict', async () => {
  const set = async (access: object) =>
    (await kit.owner.workspaces.update({ params, body: { settings: { access } } })).settings.access;
  expect((await kit.owner.workspaces.show({ params })).settings.access).toEqual({ preset: 'open', enforcement: false });
  expect(await set({ enforcement: true })).toEqual({ preset: 'open', enforcement: true });
  expect(await set({ enforcement: false })).toEqual({ preset: 'open', enforcement: false });
  expect(await set({ preset: 'strict' })).toEqual({ preset: 'strict', enforcement: true });
  expect(await failure(set({ enforcement: false }))).toMatchObject({
    issues: [{ path: 'body.settings.access.enforcement' }],
  });
  expect(await set({ preset: 'open', enforcement: false })).toEqual({ preset: 'open', enforcement: false });
  expect((await audited('workspaces.update'))[0]).toMatchObject({
    detail: { before: { settings: { access: { preset: 'strict' } } } },
  });
});
