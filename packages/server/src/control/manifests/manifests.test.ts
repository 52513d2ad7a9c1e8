import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { failure, publicUrl, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
const catalog = { ...params, manifest: 'data-catalog' };
const ofServer = { ...params, server: 'data-catalog' };
/** As the source has it, down to the letter. */
const sample = `{
  "name": "data-catalog",
  "owner": "data-platform",
  "upstream": "https://catalog.internal/mcp",
  "visibility": "team:data-platform, team:analytics",
  "tools": {
    "search_tables": { "access": "read" },
    "request_export": { "access": "write", "approval": "required" }
  },
  "limits": { "per_user_rpm": 60 }
}`;
/** The same at an address that is open, asking for no approval. */
const document = {
  name: 'data-catalog',
  owner: 'data-platform',
  upstream: 'https://catalog.example.com/mcp',
  visibility: 'team:data-platform, team:analytics',
  tools: { search_tables: { access: 'read' as const }, request_export: { access: 'write' as const } },
  limits: { per_user_rpm: 60 },
};

let kit: Kit;
/** Of data-platform, of analytics, of neither. */
let [dana, ann, cy]: Client[] = [];
beforeEach(async () => {
  kit = await startKit();
  const person = async (name: string, team?: string) => {
    const client = kit.clientOf(await kit.memberKey('acme', `${name}@example.com`, 'member'));
    if (team === undefined) return client;
    const { items } = await kit.owner.members.list({ params });
    const member = items.find(({ email }) => email === `${name}@example.com`)!.id;
    const { slug } = await kit.owner.teams.create({ params, body: { name: team } });
    await kit.owner.teams.addMember({ params: { ...params, team: slug, member } });
    return client;
  };
  [dana, ann, cy] = [await person('dana', 'Data Platform'), await person('ann', 'Analytics'), await person('cy')];
});
afterEach(() => kit[Symbol.asyncDispose]());

const maySelfServe = (...teams: string[]) =>
  kit.owner.workspaces.update({ params, body: { settings: { publishing: { teams } } } });
const put = (client: Client, change: object = {}, query: { dryRun?: 'true' } = {}) =>
  client.manifests.put({ params: catalog, query, body: { ...document, ...change } });
const snapshotServer = async () => (await kit.snapshot('acme')).servers[0];

describe('a manifest', () => {
  it('[REG-01] makes the server, its owner, visibility, classes and limits in one step', async () => {
    const { outcome, manifest, evidence } = await put(kit.owner);
    expect([outcome, manifest?.state, manifest?.serverUrl]).toEqual([
      'created',
      'active',
      `${publicUrl}/api/gw/acme/data-catalog`,
    ]);
    expect(evidence).toMatchObject({
      address: { open: true },
      obstacles: [],
      viewers: ['ann@example.com', 'dana@example.com'],
    });
    expect(evidence.changes.map(({ path }) => path)).toEqual([
      'owner',
      'upstream',
      'visibility',
      'tools.request_export.access',
      'tools.search_tables.access',
      'limits.per_user_rpm',
    ]);
    expect(await kit.owner.servers.show({ params: ofServer })).toMatchObject({
      url: document.upstream,
      owner: 'data-platform',
      visibility: expect.arrayContaining(['team:analytics', 'team:data-platform']) as string[],
      limits: { principalPerMinute: 60, toolPerMinute: null },
    });
    expect(await snapshotServer()).toMatchObject({
      limits: { principalPerMinute: 60 },
      visibility: [{ kind: 'team' }, { kind: 'team' }],
      toolClasses: [
        ['request_export', 'write'],
        ['search_tables', 'read'],
      ],
    });
    const report = await dana!.access.explain({ params });
    expect(report.items[0]).toMatchObject({ server: 'data-catalog', owner: 'data-platform' });
  });

  it('[REG-01] as the source writes it is understood, and says what it waits for', async () => {
    const send = (query = '') =>
      kit.send('PUT', `/api/v1/workspaces/acme/manifests/data-catalog${query}`, { key: danaKey, body: sample });
    const danaKey = (
      await kit.owner.apiKeys.issue({
        params,
        body: { email: 'dana@example.com', role: 'member', label: 'x' },
      })
    ).secret;
    const response = await send();
    expect([response.status, await response.json()]).toMatchObject([
      200,
      {
        outcome: 'waiting',
        manifest: {
          document: {
            visibility: ['team:analytics', 'team:data-platform'],
            tools: { request_export: { access: 'write', approval: 'required' } },
          },
        },
        evidence: { approvals: ['request_export'], address: { remedy: 'mcpnest network allow catalog.internal:443' } },
      },
    ]);
    const refused = await failure(kit.owner.manifests.approve({ params: catalog, body: { revision: 1 } }));
    expect(refused).toMatchObject({ code: 'conflict', issues: [{ path: 'document.upstream' }] });
    expect(refused.detail).toContain('mcpnest network allow catalog.internal:443');
    await kit.owner.network.allow({ body: { target: 'catalog.internal:443' } });
    expect(await snapshotServer()).toBeUndefined();
    await kit.owner.manifests.approve({ params: catalog, body: { revision: 1 } });
    expect(await snapshotServer()).toMatchObject({
      slug: 'data-catalog',
      approvals: [{ target: 'request_export', approvers: [], expiresInMinutes: 60 }],
    });
  });

  it('[REG-08] has calls approved as it says, and leaves alone what an administrator has set', async () => {
    const tools = (approval: 'required' | 'none') => ({
      search_tables: { access: 'read' as const },
      request_export: { access: 'write' as const, approval },
    });
    const approvals = async () => (await snapshotServer())?.approvals?.map((one) => [one.target, one.expiresInMinutes]);
    await put(kit.owner, { tools: tools('required') });
    expect(await approvals()).toEqual([['request_export', 60]]);
    expect((await put(kit.owner, { tools: tools('required') })).outcome).toBe('unchanged');
    const set = (target: string, approval: 'required' | 'none', expiresInMinutes = 30) =>
      kit.owner.approvalSettings.update({
        params: ofServer,
        body: { settings: [{ target, approval, approvers: [], expiresInMinutes }] },
      });
    await set('request_export', 'none');
    const { outcome, evidence } = await put(kit.owner, { tools: tools('required') });
    expect([outcome, evidence.changes.map(({ path }) => path)]).toEqual(['updated', ['tools.request_export.approval']]);

    await set('search_tables', 'required');
    expect((await put(kit.owner, { tools: tools('required') })).outcome).toBe('unchanged');
    expect((await put(kit.owner, { tools: tools('none') })).outcome).toBe('updated');
    expect(await approvals()).toEqual([['search_tables', 30]]);
    await put(kit.owner, { tools: tools('required') });
    await set('request_export', 'required', 60);
    await put(kit.owner, { tools: tools('none') });
    expect(await approvals()).toEqual([
      ['request_export', 60],
      ['search_tables', 30],
    ]);
  });

  it('[REG-01] put again changes nothing, and puts right what was changed by hand', async () => {
    await put(kit.owner);
    const { version } = await kit.snapshot('acme');
    expect((await put(kit.owner)).outcome).toBe('unchanged');
    expect((await put(kit.owner, { visibility: ['team:analytics', 'team:data-platform'] })).outcome).toBe('unchanged');
    expect((await kit.snapshot('acme')).version).toBe(version);
    await kit.owner.servers.update({ params: ofServer, body: { visibility: ['workspace'], enabled: false } });
    const classes = [{ tool: 'other', class: 'read' as const }];
    await kit.owner.serverTools.classify({ params: ofServer, body: { classes } });
    const { outcome, evidence } = await put(kit.owner);
    expect([outcome, evidence.changes.map(({ path }) => path)]).toEqual([
      'updated',
      ['visibility', 'tools.other.access'],
    ]);
    const { visibility, enabled } = await kit.owner.servers.show({ params: ofServer });
    expect([visibility?.sort(), enabled]).toEqual([['team:analytics', 'team:data-platform'], false]);
  });

  it('[REG-01] put as a dry run says what would change and changes nothing', async () => {
    const before = await kit.snapshot('acme');
    expect(await put(kit.owner, {}, { dryRun: 'true' })).toMatchObject({
      outcome: 'created',
      dryRun: true,
      manifest: null,
    });
    expect((await kit.owner.manifests.list({ params })).items).toEqual([]);
    await put(kit.owner);
    const { outcome, evidence } = await put(kit.owner, { limits: { per_tool_rpm: 5 } }, { dryRun: 'true' });
    expect([outcome, evidence.changes]).toEqual([
      'updated',
      [
        { path: 'limits.per_tool_rpm', before: null, after: 5 },
        { path: 'limits.per_user_rpm', before: 60, after: null },
      ],
    ]);
    expect((await kit.snapshot('acme')).version).toBe(before.version + 1);
    expect(await failure(put(kit.owner, { upstream: 'http://10.0.0.1/mcp' }, { dryRun: 'true' }))).toMatchObject({
      issues: [{ path: 'body.upstream' }],
    });
  });

  it('[REG-01] says of everything that is wrong where it stands and what to do', async () => {
    const problem = (change: object) => failure(put(kit.owner, change));
    expect(await problem({ limts: {} })).toMatchObject({
      issues: [{ path: 'body.limts', message: expect.stringContaining("did you mean 'limits'?") as string }],
    });
    expect(await problem({ tools: { a: { acess: 'read', access: 'read' } } })).toMatchObject({
      issues: [{ path: 'body.tools.a.acess', message: expect.stringContaining("'access'") as string }],
    });
    expect(await problem({ limits: { per_user_rmp: 1 } })).toMatchObject({
      issues: [{ path: 'body.limits.per_user_rmp', message: expect.stringContaining('per_user_rpm') as string }],
    });
    expect((await problem({ owner: 'nobody' })).detail).toContain('There are: analytics, data-platform.');
    expect(await problem({ visibility: 'team:data-platform, team:analitics' })).toMatchObject({
      detail: expect.stringContaining('There are: analytics, data-platform.') as string,
      issues: [{ path: 'body.visibility.1' }],
    });
    expect((await problem({ visibility: 'everybody' })).issues?.[0]?.path).toBe('body.visibility.0');
    expect((await problem({ tools: { a: { access: 'admin' } } })).issues?.[0]?.path).toBe('body.tools.a.access');
    expect((await problem({ upstream: 'https://catalog.internal/mcp' })).detail).toContain(
      'mcpnest network allow catalog.internal:443',
    );
    expect((await problem({ name: 'other' })).issues?.[0]?.path).toBe('body.name');
    const approval = { '*': { access: 'write', approval: 'required' } };
    expect((await problem({ tools: approval })).issues?.[0]?.path).toBe('body.tools.*.approval');
    const body = JSON.stringify({ ...document, tools: {} }).replace('{}', '{"__proto__":{"access":"destructive"}}');
    const response = await kit.send('PUT', '/api/v1/workspaces/acme/manifests/data-catalog', { body });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_input' }]);
    expect((await kit.owner.manifests.list({ params })).items).toEqual([]);
  });

  it('[REG-05] is for its owning team alone when it does not say for whom', async () => {
    await put(kit.owner, { visibility: undefined });
    expect((await kit.owner.servers.show({ params: ofServer })).visibility).toEqual(['team:data-platform']);
  });

  it('keeps its history, and an older one put again is in effect again', async () => {
    await put(kit.owner);
    await put(kit.owner, { limits: { per_user_rpm: 10 } });
    await put(kit.owner);
    expect((await snapshotServer())?.limits.principalPerMinute).toBe(60);
    const { items } = await kit.owner.manifests.revisions({ params: catalog });
    expect(items.map(({ revision, state, author, changes }) => [revision, state, author, changes.length])).toEqual([
      [3, 'active', 'ada@example.com', 1],
      [2, 'replaced', 'ada@example.com', 1],
      [1, 'replaced', 'ada@example.com', 6],
    ]);
    expect(items[0]!.changes).toEqual([{ path: 'limits.per_user_rpm', before: 10, after: 60 }]);
    const audited = await kit.owner.auditEvents.list({ params, query: { action: 'manifests.put' } });
    expect(audited.items[0]).toMatchObject({
      target: 'manifest:data-catalog',
      detail: { revision: 3, state: 'active', changed: ['limits.per_user_rpm'] },
    });
  });

  it('goes with its server, by whichever of the two it is removed', async () => {
    await put(kit.owner);
    await kit.owner.manifests.remove({ params: catalog });
    expect(await failure(kit.owner.servers.show({ params: ofServer }))).toMatchObject({ code: 'not_found' });
    await put(kit.owner);
    await kit.owner.servers.remove({ params: ofServer });
    expect(await failure(kit.owner.manifests.show({ params: catalog }))).toMatchObject({ code: 'not_found' });
    expect((await put(kit.owner)).manifest?.revision).toBe(1);
    await kit.owner.manifests.remove({ params: catalog });
    for (const team of ['data-platform', 'analytics']) await kit.owner.teams.remove({ params: { ...params, team } });
  });

  it('keeps its team from being deleted, and so does the right to publish', async () => {
    await put(kit.owner, { visibility: 'workspace' });
    await maySelfServe('analytics');
    const remove = (team: string) => failure(kit.owner.teams.remove({ params: { ...params, team } }));
    expect((await remove('data-platform')).detail).toContain('the manifest data-catalog');
    expect((await remove('analytics')).detail).toContain('publishing');
    expect((await failure(maySelfServe('nobody'))).issues).toEqual([
      { path: 'body.settings.publishing.teams', message: "'nobody' is no team here" },
    ]);
  });

  it('has its JSON Schema published, and its example fits', async () => {
    const response = await kit.send('GET', '/api/v1/manifest.schema.json', { key: null });
    expect(await response.json()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['name', 'owner', 'upstream'],
      additionalProperties: false,
    });
  });
});

describe('publishing by teams', () => {
  it('[REG-02] takes effect at once for a team that may, by its members and nobody else', async () => {
    await maySelfServe('data-platform', 'analytics');
    expect((await put(dana!)).outcome).toBe('created');
    expect(await put(dana!, { limits: {} })).toMatchObject({ outcome: 'updated', evidence: { viewers: null } });
    for (const other of [ann!, cy!]) {
      expect(await failure(put(other))).toMatchObject({ code: 'forbidden' });
      expect(await failure(other.manifests.remove({ params: catalog }))).toMatchObject({ code: 'not_found' });
      expect(await failure(other.manifests.show({ params: catalog }))).toMatchObject({ code: 'not_found' });
      expect(await failure(other.manifests.revisions({ params: catalog }))).toMatchObject({ code: 'not_found' });
      expect((await other.manifests.list({ params })).items).toEqual([]);
    }
    await dana!.manifests.remove({ params: catalog });
    expect(await snapshotServer()).toBeUndefined();
  });

  it('[REG-03] [TOK-07] does not shake off, by removing and publishing again, what administrators have put on a server', async () => {
    await maySelfServe('data-platform');
    const remove = (client = dana!) => client.manifests.remove({ params: catalog });
    const stays = async (words: string) => {
      expect(await failure(remove())).toMatchObject({
        code: 'forbidden',
        detail: expect.stringContaining(words) as string,
      });
      expect((await snapshotServer())?.slug).toBe('data-catalog');
    };
    await put(dana!);
    for (const target of ['server:data-catalog', 'tool:data-catalog:request_export']) {
      const { id } = await kit.owner.stops.create({
        params,
        body: { target, reason: 'it leaks', expiresInMinutes: 10 },
      });
      await stays('stopped');
      await kit.owner.stops.remove({ params: { ...params, stop: id } });
    }
    const approvals = (approval: 'required' | 'none') =>
      kit.owner.approvalSettings.update({
        params: ofServer,
        body: { settings: [{ target: '@write', approval, approvers: [], expiresInMinutes: 60 }] },
      });
    await approvals('required');
    await stays('approval');
    await approvals('none');
    await kit.owner.servers.update({ params: ofServer, body: { pinning: 'on' } });
    await stays('pinned');
    await remove(kit.owner);
    // Asking for approvals is the manifest's own, and a stop that has ended is none.
    await put(dana!, { tools: { request_export: { access: 'write', approval: 'required' } } });
    await kit.owner.stops.create({
      params,
      body: { target: 'server:data-catalog', reason: 'for a while', expiresInMinutes: 10 },
    });
    kit.advance(10 * 60_000);
    await remove();
    expect(await snapshotServer()).toBeUndefined();
  });

  it('[REG-03] never reaches the server of another team or of the administrators', async () => {
    await maySelfServe('data-platform', 'analytics');
    await kit.owner.servers.create({
      params,
      body: { name: 'github', url: 'https://github.example.com/mcp', visibility: ['member:ada@example.com'] },
    });
    await put(dana!);
    const take = (client: Client, name: string, owner: string) =>
      failure(client.manifests.put({ params: { ...params, manifest: name }, body: { ...document, name, owner } }));
    expect(await take(ann!, 'data-catalog', 'analytics')).toMatchObject({ code: 'already_exists' });
    expect(await take(dana!, 'github', 'data-platform')).toMatchObject({ code: 'already_exists' });
    expect(await take(dana!, 'data-catalog', 'analytics')).toMatchObject({ code: 'forbidden' });
    expect(await take(cy!, 'mine', 'cy')).toMatchObject({ code: 'forbidden' });
    const missing = await take(cy!, 'mine', 'missing');
    expect((await take(cy!, 'mine', 'analytics')).detail.replace('analytics', 'missing')).toBe(missing.detail);
    // What an administrator may: hand it over, and take a server under a manifest.
    expect((await put(kit.owner, { owner: 'analytics' })).outcome).toBe('updated');
    expect(await failure(put(dana!))).toMatchObject({ code: 'already_exists' });
    const adopted = { params: { ...params, manifest: 'github' }, body: { ...document, name: 'github' } };
    expect((await kit.owner.manifests.put(adopted)).outcome).toBe('updated');
  });

  it('[REG-03] does not send a stored credential elsewhere', async () => {
    await maySelfServe('data-platform');
    await put(dana!);
    await kit.owner.servers.setCredential({ params: ofServer, body: { bearer: 'abc' } });
    expect(await failure(put(dana!, { upstream: 'https://elsewhere.example.com/mcp' }))).toMatchObject({
      code: 'conflict',
    });
    expect((await kit.owner.manifests.show({ params: catalog })).revision).toBe(1);
  });

  it('[REG-02] waits where the team may not, until an administrator has seen what they approve', async () => {
    expect((await put(dana!)).outcome).toBe('waiting');
    expect((await put(dana!)).manifest?.revision).toBe(1);
    expect(await snapshotServer()).toBeUndefined();
    const shown = await kit.owner.manifests.show({ params: catalog });
    expect(shown).toMatchObject({ state: 'waiting', author: 'dana@example.com', serverUrl: null });
    expect(shown.evidence).toMatchObject({ viewers: ['ann@example.com', 'dana@example.com'], obstacles: [] });
    expect((await kit.owner.manifests.list({ params, query: { state: 'waiting' } })).items).toHaveLength(1);
    const approve = (client: Client, revision: number) =>
      client.manifests.approve({ params: catalog, body: { revision } });
    expect(await failure(approve(dana!, 1))).toMatchObject({ code: 'forbidden' });
    await put(dana!, { visibility: 'workspace' });
    expect(await failure(approve(kit.owner, 1))).toMatchObject({ code: 'conflict' });
    expect(await approve(kit.owner, 2)).toMatchObject({ state: 'active', activeRevision: 2, evidence: null });
    expect(await snapshotServer()).toMatchObject({ slug: 'data-catalog', visibility: null });
    expect(await failure(approve(kit.owner, 2))).toMatchObject({ code: 'conflict' });
    const { items } = await dana!.manifests.revisions({ params: catalog });
    expect(items.map(({ state, decidedBy }) => [state, decidedBy])).toEqual([
      ['active', 'ada@example.com'],
      ['replaced', null],
    ]);
  });

  it('[REG-02] keeps what is in effect while a change waits, is refused or is withdrawn', async () => {
    await put(kit.owner);
    expect((await put(dana!, { limits: {} })).outcome).toBe('waiting');
    const refuse = { params: catalog, body: { revision: 2, reason: 'Too many calls' } };
    expect(await failure(dana!.manifests.refuse(refuse))).toMatchObject({ code: 'forbidden' });
    await kit.owner.manifests.refuse(refuse);
    expect(await dana!.manifests.show({ params: catalog })).toMatchObject({
      state: 'refused',
      activeRevision: 1,
      answer: 'Too many calls',
    });
    expect((await put(dana!, { limits: {} })).outcome).toBe('waiting');
    expect((await put(dana!)).outcome).toBe('updated');
    expect(await dana!.manifests.show({ params: catalog })).toMatchObject({ state: 'active', revision: 4 });
    expect((await snapshotServer())?.limits.principalPerMinute).toBe(60);
    expect((await kit.owner.manifests.list({ params, query: { state: 'waiting' } })).items).toEqual([]);
  });

  it('[REG-02] does not take the name of a server that came while it waited, nor show it to teams that went', async () => {
    await put(dana!);
    await kit.owner.teams.remove({ params: { ...params, team: 'analytics' } });
    const approve = () => failure(kit.owner.manifests.approve({ params: catalog, body: { revision: 1 } }));
    expect(await approve()).toMatchObject({ code: 'conflict', issues: [{ path: 'document.visibility.0' }] });
    await put(dana!, { visibility: 'workspace' });
    await kit.owner.servers.create({ params, body: { name: 'data-catalog', url: 'https://x.example.com/mcp' } });
    expect(await failure(kit.owner.manifests.approve({ params: catalog, body: { revision: 2 } }))).toMatchObject({
      code: 'conflict',
    });
    expect((await snapshotServer())?.url).toBe('https://x.example.com/mcp');
  });

  it('[REG-03] tells its team nothing of a hidden server that came under its name while it waited', async () => {
    await put(dana!);
    const hidden = { url: 'https://hidden.example.com/mcp?key=k', visibility: ['member:ada@example.com'] };
    await kit.owner.servers.create({ params, body: { name: 'data-catalog', ...hidden } });
    const shown = JSON.stringify(await dana!.manifests.show({ params: catalog }));
    expect(shown).toContain(document.upstream);
    for (const secret of ['hidden.example.com', 'ada@example.com']) expect(shown).not.toContain(secret);
    expect(JSON.stringify(await kit.owner.manifests.show({ params: catalog }))).toContain('hidden.example.com');
  });
});

describe('a team that publishes by itself', () => {
  const loosened = async (change: object) => {
    const { outcome, evidence } = await put(dana!, change);
    return [outcome, evidence.loosens.map(({ path }) => path)];
  };
  const tool = (access: 'read' | 'write' | 'destructive', approval: 'required' | 'none' = 'none') => ({
    tools: { request_export: { access, approval } },
  });
  beforeEach(() => maySelfServe('data-platform'));

  it('[REG-03] lowers no class, drops no approval and widens nothing that was set by hand: that waits, and says why', async () => {
    expect((await put(dana!, { ...tool('destructive', 'required'), limits: {} })).outcome).toBe('created');
    const before = await kit.snapshot('acme');
    expect(await loosened(tool('write', 'required'))).toEqual(['waiting', ['tools.request_export.access']]);
    expect(await loosened(tool('destructive'))).toEqual(['waiting', ['tools.request_export.approval']]);
    const shown = await kit.owner.manifests.show({ params: catalog });
    expect(shown.evidence?.loosens[0]?.message).toBe('calls need an approval and would need none');
    expect((await kit.snapshot('acme')).servers).toEqual(before.servers);
    await kit.owner.manifests.approve({ params: catalog, body: { revision: 3 } });
    expect((await snapshotServer())?.approvals).toEqual([]);
    await kit.owner.servers.update({
      params: ofServer,
      body: { limits: { principalPerMinute: 5 }, visibility: ['team:data-platform'] },
    });
    const wider = { ...tool('destructive'), limits: { per_user_rpm: 6 } };
    expect(await loosened(wider)).toEqual(['waiting', ['limits.per_user_rpm', 'visibility']]);
    const closer = { ...tool('destructive', 'required'), limits: {}, visibility: 'team:data-platform' };
    expect(await loosened(closer)).toEqual(['waiting', ['limits.per_user_rpm', 'visibility']]);
  });

  it('[REG-03] does not make what was set by hand its own, to undo it next', async () => {
    await put(dana!, { ...tool('write'), limits: { per_user_rpm: 100 } });
    const limits = { principalPerMinute: 5 };
    await kit.owner.servers.update({ params: ofServer, body: { limits, visibility: ['team:data-platform'] } });
    const classes = [{ tool: 'request_export', class: 'destructive' as const }];
    await kit.owner.serverTools.classify({ params: ofServer, body: { classes } });
    const byHand = await snapshotServer();
    const all = ['tools.request_export.access', 'limits.per_user_rpm', 'visibility'];
    for (const per_user_rpm of [4, 5]) {
      const same = { ...tool('destructive'), limits: { per_user_rpm }, visibility: 'team:data-platform' };
      expect(await loosened(same)).toEqual(['waiting', all]);
      expect(await snapshotServer()).toEqual(byHand);
    }
    expect(await failure(dana!.manifests.remove({ params: catalog }))).toMatchObject({ code: 'forbidden' });
    // Whoever approves that has read what it means.
    await kit.owner.manifests.approve({ params: catalog, body: { revision: 3 } });
    expect((await snapshotServer())?.limits.principalPerMinute).toBe(5);
    const own = { ...tool('destructive'), limits: { per_user_rpm: 6 } };
    expect(await loosened(own)).toEqual(['updated', []]);
  });

  it('[REG-03] is not held up by a narrower visibility that nobody chose', async () => {
    const visibility = ['team:data-platform', 'member:cy@example.com'];
    await put(dana!, { visibility, tools: {}, limits: {} });
    const { items } = await kit.owner.members.list({ params });
    const member = items.find(({ email }) => email === 'cy@example.com')!.id;
    await kit.owner.members.remove({ params: { ...params, member } });
    expect(await loosened({ visibility: 'workspace', tools: {}, limits: {} })).toEqual(['updated', []]);
  });

  it('[REG-03] does not get a tool out of what rules and settings about classes say', async () => {
    await put(dana!, { tools: {}, limits: {} });
    const rule = { effect: 'deny', subject: 'everybody', object: '*:@write' } as const;
    const { id } = await kit.owner.rules.create({ params, body: rule });
    expect(await loosened({ ...tool('read'), limits: {} })).toEqual(['waiting', ['tools.request_export.access']]);
    await kit.owner.rules.remove({ params: { ...params, rule: id } });
    await kit.owner.approvalSettings.update({
      params: ofServer,
      body: { settings: [{ target: '@write', approval: 'required' }] },
    });
    expect(await loosened({ ...tool('read'), limits: {} })).toEqual(['waiting', ['tools.request_export.access']]);
    await kit.owner.approvalSettings.update({
      params: ofServer,
      body: { settings: [{ target: '@write', approval: 'none' }] },
    });
    expect(await loosened({ ...tool('read'), limits: {} })).toEqual(['updated', []]);
  });

  it('[REG-03] does not shake off what was set by hand by taking its server back', async () => {
    await put(dana!, { ...tool('write'), limits: {} });
    const classes = [{ tool: 'request_export', class: 'destructive' as const }];
    await kit.owner.serverTools.classify({ params: ofServer, body: { classes } });
    expect(await failure(dana!.manifests.remove({ params: catalog }))).toMatchObject({ code: 'forbidden' });
    await kit.owner.manifests.remove({ params: catalog });
  });

  it.each(['deny', 'allow'] as const)(
    '[REG-03] does not leave a class that an %s rule names by removing its server',
    async (effect) => {
      await put(dana!, { ...tool('destructive'), limits: {} });
      const rule = { effect, subject: 'everybody', object: 'data-catalog:@destructive' } as const;
      const { id } = await kit.owner.rules.create({ params, body: rule });
      expect(await failure(dana!.manifests.remove({ params: catalog }))).toMatchObject({
        code: 'forbidden',
        detail: expect.stringContaining('rules name classes') as string,
      });
      await kit.owner.rules.remove({ params: { ...params, rule: id } });
      await dana!.manifests.remove({ params: catalog });
    },
  );
});
