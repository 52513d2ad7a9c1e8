import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
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

const audited = async (action: string) =>
  (await kit.owner.auditEvents.list({ params, query: { action } })).items.map(({ target, detail }) => ({
    target,
    detail,
  }));

describe('classes of tools', () => {
  const grafana = { ...params, server: 'grafana' };
  const classify = (...classes: { tool: string; class: 'read' | 'write' | 'destructive' | null }[]) =>
    kit.owner.serverTools.classify({ params: grafana, body: { classes } });
  const list = async (definitions: unknown) => {
    const { id } = await kit.owner.servers.show({ params: grafana });
    const body = JSON.stringify(definitions);
    await kit.database.db
      .insertInto('upstream_lists')
      .values({ server_id: id, kind: 'tools', revision: 1, body, fetched_at: 'x' })
      .execute();
  };

  it('[L2-10] are set by administrators; what a server claims is shown and loosens nothing', async () => {
    await list([
      '{"name":"get","annotations":{"readOnlyHint":true}}',
      '{"name":"drop","annotations":{"destructiveHint":true}}',
      '{"name":"put","annotations":{"destructiveHint":false}}',
      '{"name":"plain"}',
      'null',
      '[]',
      '{"name":"__proto__","annotations":"x"}',
    ]);
    const items = await classify({ tool: 'drop', class: 'destructive' }, { tool: 'unheard', class: 'read' });
    expect(items.items).toMatchObject([
      { tool: '__proto__', class: 'write', set: false, claimed: null, listed: true },
      { tool: 'drop', class: 'destructive', set: true, claimed: 'destructive', listed: true },
      { tool: 'get', class: 'write', set: false, claimed: 'read', listed: true },
      { tool: 'plain', class: 'write', set: false, claimed: null, listed: true },
      { tool: 'put', class: 'write', set: false, claimed: 'write', listed: true },
      { tool: 'unheard', class: 'read', set: true, claimed: null, listed: false },
    ]);
    expect((await kit.snapshot('acme')).servers[1]?.toolClasses).toEqual([
      ['drop', 'destructive'],
      ['unheard', 'read'],
    ]);
    await classify({ tool: 'drop', class: null });
    expect((await kit.snapshot('acme')).servers[1]?.toolClasses).toEqual([['unheard', 'read']]);
    expect(await audited('serverTools.classify')).toMatchObject([
      { target: 'server:grafana', detail: { before: [['drop', 'destructive']], after: [['drop', null]] } },
      {},
    ]);
    await kit.owner.servers.remove({ params: grafana });
    expect(await kit.database.db.selectFrom('tool_classes').selectAll().execute()).toEqual([]);
  });
});

describe('visibility', () => {
  it('[REG-05] hides a server from members in the control API, too, and names nobody to them', async () => {
    const grafana = { ...params, server: 'grafana' };
    await kit.owner.teams.create({ params, body: { name: 'Leads' } });
    const changed = await kit.owner.servers.update({
      params: grafana,
      body: { visibility: ['team:leads', 'member:ada@example.com'] },
    });
    expect(changed).toMatchObject({ visibility: ['member:ada@example.com', 'team:leads'], revision: 1 });
    expect((await cy.client.servers.list({ params })).items.map(({ slug, visibility }) => [slug, visibility])).toEqual([
      ['github-mcp', null],
    ]);
    const answer = (call: Promise<unknown>) => failure(call).then(({ code, detail }) => `${code}: ${detail}`);
    for (const verb of ['show', 'health'] as const) {
      const hidden = await answer(cy.client.servers[verb]({ params: grafana }));
      const missing = await answer(cy.client.servers[verb]({ params: { ...params, server: 'missing' } }));
      expect(hidden.replace('grafana', 'missing')).toBe(missing);
    }
    const scoped = (server: string) =>
      failure(cy.client.tokens.issue({ params, body: { kind: 'member', label: 'x', scope: [server] } }));
    expect((await scoped('grafana')).detail.replace('grafana', 'missing')).toBe((await scoped('missing')).detail);
    await kit.owner.teams.addMember({ params: { ...params, team: 'leads', member: cy.id } });
    expect((await cy.client.servers.list({ params })).items).toHaveLength(2);
    expect(await audited('servers.update')).toMatchObject([{ detail: { before: { visibility: ['workspace'] } } }]);
    expect((await kit.snapshot('acme')).servers[1]?.visibility).toHaveLength(2);
  });

  it('survives going back to an earlier revision, and the removal of whom it names', async () => {
    const grafana = { ...params, server: 'grafana' };
    await kit.owner.servers.update({ params: grafana, body: { name: 'Grafana' } });
    await kit.owner.servers.update({ params: grafana, body: { visibility: ['member:cy@example.com'] } });
    await kit.owner.servers.rollback({ params: grafana, body: { revision: 1 } });
    await kit.owner.members.remove({ params: { ...params, member: cy.id } });
    expect(await kit.owner.servers.show({ params: grafana })).toMatchObject({
      name: 'grafana',
      visibility: ['member:cy@example.com'],
    });
    for (const visibility of [[], ['workspace', 'member:ada@example.com'], ['everybody']]) {
      const response = await kit.send('PATCH', '/api/v1/workspaces/acme/servers/grafana', { body: { visibility } });
      expect(response.status).toBe(400);
    }
  });
});
