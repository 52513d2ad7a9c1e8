import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { failure, startKit, type Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
let kit: Kit;
let cy: Client;

const read = JSON.stringify({ name: 'read', description: 'ü'.repeat(100) });
const write = JSON.stringify({ name: 'write', description: 'x'.repeat(400) });
const bytes = (text: string): number => Buffer.byteLength(text) + 1;
const tokens = (of: number): number => Math.ceil(of / 4.5);

beforeEach(async () => {
  kit = await startKit();
  for (const name of ['github', 'grafana', 'silent']) {
    const { id } = await kit.owner.servers.create({ params, body: { name, url: `https://${name}.example.com/mcp` } });
    if (name === 'silent') continue;
    const body = JSON.stringify(name === 'github' ? [read, write] : [read]);
    const row = { server_id: id, kind: 'tools', revision: 1, body, fetched_at: 'x' };
    await kit.database.db.insertInto('upstream_lists').values(row).execute();
  }
  cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const team = await kit.owner.teams.create({ params, body: { name: 'Readers' } });
  const machine = { name: 'ci', ownerId: (await kit.owner.members.list({ params })).items[0]!.id };
  await kit.owner.machines.create({ params, body: machine });
  for (const [subject, object] of [
    ['member:cy@example.com', 'github:write'],
    [`team:${team.slug}`, 'grafana:*'],
    ['machine:ci', '*'],
  ] as const)
    await kit.owner.rules.create({ params, body: { effect: 'deny', subject, object } });
});
afterEach(() => kit[Symbol.asyncDispose]());

const show = (client: Client, query: object = {}) => client.toolWeights.show({ params, query });
const toolList = (settings: object) =>
  kit.owner.workspaces.update({ params, body: { settings: { toolList: settings } } });

describe('what a list of tools weighs', () => {
  it('[NEW-09] is told by server and tool, heaviest first, with what searching would weigh', async () => {
    const report = await show(kit.owner);
    const all = bytes(read) * 2 + bytes(write);
    expect(report).toMatchObject({
      subject: 'workspace',
      mode: 'all',
      shown: 'all',
      all: { tools: 3, bytes: all, tokens: tokens(all) },
      search: { tools: 3 },
      unknown: ['silent'],
      complete: true,
    });
    expect(report.tools.map(({ server, tool }) => `${server}:${tool}`)).toEqual([
      'github:write',
      'github:read',
      'grafana:read',
    ]);
    expect(report.tools[1]).toMatchObject({ bytes: bytes(read), tokens: tokens(bytes(read)) });
    expect(report.servers).toMatchObject([
      { server: 'github', tools: 2, bytes: bytes(read) + bytes(write) },
      { server: 'grafana', tools: 1, bytes: bytes(read) },
    ]);
    expect(report.savedTokens).toBe(report.all.tokens - report.search.tokens - report.search.taskTokens);
    expect(report.savedTokens).toBeLessThan(0);
    expect(report.recommendation).toMatch(/^List all: the whole list/);
  });

  it('[NEW-09] is of what somebody may use: a member, a team, a machine', async () => {
    const named = async (client: Client, query: object = {}) =>
      (await show(client, query)).tools.map(({ server, tool }) => `${server}:${tool}`);
    expect(await named(kit.owner, { member: 'cy@example.com' })).toEqual(['github:read', 'grafana:read']);
    expect(await named(cy)).toEqual(['github:read', 'grafana:read']);
    expect(await named(kit.owner, { team: 'readers' })).toEqual(['github:write', 'github:read']);
    expect(await named(kit.owner, { machine: 'ci' })).toEqual([]);
    expect((await show(kit.owner, { team: 'readers' })).subject).toBe('team:readers');
  });

  it('[NEW-09] is told members of themselves alone, and nobody of who is not there', async () => {
    for (const query of [{ member: 'owner@example.com' }, { machine: 'ci' }, { team: 'readers' }, { team: 'nobody' }])
      expect(await failure(show(cy, query)), JSON.stringify(query)).toMatchObject({ code: 'forbidden' });
    expect(await failure(show(kit.owner, { team: 'nobody' }))).toMatchObject({ code: 'not_found' });
    expect(await failure(show(kit.owner, { team: 'readers', machine: 'ci' }))).toMatchObject({ code: 'invalid_input' });
  });

  it('[NEW-09] says what is shown, and advises by the weight the workspace has set', async () => {
    const many = JSON.stringify(
      Array.from({ length: 100 }, (_, i) => JSON.stringify({ name: `tool_${i}`, description: 'x'.repeat(500) })),
    );
    await kit.database.db.updateTable('upstream_lists').set({ body: many }).execute();
    await toolList({ mode: 'auto' });
    expect((await show(kit.owner)).recommendation).toMatch(/^Search, or auto/);
    expect(await show(kit.owner)).toMatchObject({ shown: 'search', mode: 'auto', all: { tools: 200 } });
    await toolList({ autoAboveTokens: 1_000_000 });
    expect((await show(kit.owner)).recommendation).toMatch(/^List all: about/);
    expect(await show(kit.owner)).toMatchObject({ shown: 'all', autoAboveTokens: 1_000_000, mode: 'auto' });
    await toolList({ mode: 'search' });
    expect((await show(kit.owner)).shown).toBe('search');
    expect((await kit.snapshot('acme')).settings.toolList).toEqual({ mode: 'search', autoAboveTokens: 1_000_000 });
    expect(await failure(toolList({ mode: 'few' }))).toMatchObject({ code: 'invalid_input' });
  });
});
