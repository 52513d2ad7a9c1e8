import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessAsOfItem } from '@mcpnest/contract/schemas/access-history';
import { isoTime } from '../../platform/clock.ts';
import { failure, startKit, type Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);
const minute = 60_000;
let kit: Kit;
let passed: number;
let cy: string;
let di: string;
let servers: Record<string, string>;

beforeEach(async () => {
  kit = await startKit();
  passed = 0;
  servers = {};
  for (const slug of ['github', 'grafana']) await addServer(slug, [`${slug}_read`, `${slug}_write`]);
  [cy, di] = [await person('cy'), await person('di')];
  await kit.owner.teams.create({ params, body: { name: 'Crew' } });
  await kit.owner.teams.addMember({ params: { ...params, team: 'crew', member: cy } });
  await kit.owner.machines.create({ params, body: { name: 'ci' } });
  const machineId = (await kit.owner.machines.list({ params })).items[0]!.id;
  for (const token of [
    { kind: 'member' as const, memberId: cy },
    { kind: 'member' as const, memberId: cy },
    { kind: 'member' as const, memberId: di },
    { kind: 'member' as const, memberId: di, scope: ['github:github_read'] },
    { kind: 'machine' as const, machineId, expiresAt: isoTime(start + 15 * minute) },
  ])
    await kit.owner.tokens.issue({ params, body: { ...token, label: 'label' } });
});
afterEach(() => kit[Symbol.asyncDispose]());

const advance = (ms: number): void => {
  passed += ms;
  kit.advance(ms);
};
const now = (): string => isoTime(start + passed);

async function person(name: string): Promise<string> {
  return (await kit.owner.members.add({ params, body: { email: `${name}@example.com` } })).id;
}

async function addServer(slug: string, tools: readonly string[], fetched = isoTime(start)): Promise<void> {
  const url = `https://${slug}.example.com/mcp`;
  servers[slug] = (await kit.owner.servers.create({ params, body: { name: slug, url } })).id;
  await list(slug, tools, fetched);
}

async function list(slug: string, tools: readonly string[], fetched_at: string): Promise<void> {
  const { db } = kit.database;
  const server_id = servers[slug]!;
  const body = JSON.stringify(tools.map((name) => JSON.stringify({ name })));
  await db.deleteFrom('upstream_lists').where('server_id', '=', server_id).execute();
  await db.insertInto('upstream_lists').values({ server_id, kind: 'tools', revision: 1, body, fetched_at }).execute();
  const { id: workspace_id } = (await kit.snapshot('acme')).workspace;
  for (const name of tools) {
    const row = { workspace_id, kind: 'tools', name: `${slug}__${name}`, server_id, own: name, created_at: fetched_at };
    await db
      .insertInto('handed_out_names')
      .values(row)
      .onConflict((clash) => clash.doNothing())
      .execute();
  }
}

async function asOf(at: string, query: object = {}): Promise<AccessAsOfItem[]> {
  const items: AccessAsOfItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await kit.owner.access.asOf({ params, query: { at, ...query, cursor } });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

const lines = (items: readonly AccessAsOfItem[]): string[] =>
  items.map(({ subject, token, server, tool, verdict, rule }) =>
    [subject, token ?? '-', server, tool, verdict, rule].join(' '),
  );

/** What a member may call now, as the product says it now. */
async function live(member: string): Promise<string[]> {
  const { items, subject } = await kit.owner.access.explain({ params, query: { member } });
  return items.map((item) => [subject, '-', item.server, item.tool, item.verdict, item.rule].join(' ')).sort();
}

describe('access as of a moment', () => {
  it('[AUD-09][NEW-02] is what it was then, whatever has changed or gone since', async () => {
    const allow = (object: string, subject = 'member:cy@example.com', expiresAt: string | null = null) =>
      kit.owner.rules.create({ params, body: { effect: 'allow', subject, object, expiresAt } });
    const changes: (() => Promise<unknown>)[] = [
      () => allow('github:github_read'),
      () => kit.owner.workspaces.update({ params, body: { settings: { access: { enforcement: true } } } }),
      () => allow('grafana', 'team:crew', isoTime(start + 5 * minute + 30_000)),
      () => kit.owner.rules.create({ params, body: { effect: 'deny', subject: 'everybody', object: '*:*_write' } }),
      // Ends what the rule for the team gave.
      () => Promise.resolve(),
      () =>
        kit.owner.stops.create({
          params,
          body: { target: 'tool:github:github_read', reason: 'x', expiresInMinutes: 2 },
        }),
      () =>
        kit.owner.servers.update({
          params: { ...params, server: 'grafana' },
          body: { visibility: ['member:di@example.com'] },
        }),
      () => Promise.resolve(),
      () => kit.owner.servers.update({ params: { ...params, server: 'github' }, body: { pinning: 'on' } }),
      () => kit.owner.workspaces.update({ params, body: { settings: { access: { preset: 'strict' } } } }),
    ];
    const then = new Map<string, string[]>();
    for (const change of changes) {
      advance(minute - 1);
      await change();
      advance(1);
      then.set(now(), [...(await live('cy@example.com')), ...(await live('di@example.com'))]);
    }
    advance(1);
    await kit.owner.members.remove({ params: { ...params, member: cy } });
    await kit.owner.teams.removeMember({ params: { ...params, team: 'crew', member: cy } }).catch(() => undefined);
    await kit.owner.servers.remove({ params: { ...params, server: 'grafana' } });
    for (const { id } of (await kit.owner.rules.list({ params })).items)
      await kit.owner.rules.remove({ params: { ...params, rule: id } });
    advance(minute);
    for (const [at, said] of then) {
      const all = await asOf(at, { show: 'all' });
      const members = all.filter(({ subject, token }) => subject.startsWith('member:') && token === null);
      // A server that was hidden has one line in the one and a line for each tool in the other.
      const flat = (line: string): string => line.replace(/ (\w+) \S* hidden/, ' $1 hidden');
      expect([at, [...new Set(lines(members).map(flat))].sort()]).toEqual([at, [...new Set(said.map(flat))].sort()]);
    }
    expect((await asOf(now())).some(({ subject }) => subject === 'member:cy@example.com')).toBe(false);
  });

  it('[AUD-09][NEW-02] names callers once, narrowed tokens by themselves, and nobody whose token had ended', async () => {
    const callers = async () =>
      [...new Set((await asOf(now())).map(({ subject, token }) => `${subject} ${token ?? '-'}`))].sort();
    expect(await callers()).toEqual([
      'machine:ci -',
      'member:cy@example.com -',
      'member:di@example.com -',
      'member:di@example.com label',
      'workspace token -',
    ]);
    const narrowed = (await asOf(now())).filter(({ token }) => token !== null);
    expect(narrowed).toMatchObject([{ server: 'github', tool: 'github_read', verdict: 'allowed', known: 'listed' }]);
    advance(15 * minute);
    expect(await callers()).not.toContain('machine:ci -');
    const only = async (query: object) => new Set((await asOf(now(), query)).map(({ subject }) => subject));
    expect(await only({ team: 'crew' })).toEqual(new Set(['member:cy@example.com']));
    expect(await only({ member: 'DI@example.com' })).toEqual(new Set(['member:di@example.com']));
    expect(await only({ member: di })).toEqual(new Set(['member:di@example.com']));
    expect((await asOf(now(), { server: 'grafana' })).every(({ server }) => server === 'grafana')).toBe(true);
  });

  it('[AUD-09] says how it knows of tools: by the list of then, or by names handed out by then', async () => {
    advance(minute);
    await list('github', ['github_read', 'brand_new'], now());
    const tools = async (at: string) =>
      (await asOf(at, { member: cy, server: 'github' })).map(({ tool, known }) => [tool, known]);
    expect(await tools(now())).toEqual([
      ['brand_new', 'listed'],
      ['github_read', 'listed'],
    ]);
    expect(await tools(isoTime(start))).toEqual([
      ['github_read', 'names'],
      ['github_write', 'names'],
    ]);
  });

  it('pages through everything in one order, without losing or repeating a line', async () => {
    const whole = lines(await asOf(now(), { show: 'all', limit: 1_000 }));
    expect(whole.length).toBeGreaterThan(15);
    for (const limit of [1, 3, 7]) expect(lines(await asOf(now(), { show: 'all', limit }))).toEqual(whole);
    expect(await failure(kit.owner.access.asOf({ params, query: { at: now(), cursor: 'nonsense' } }))).toMatchObject({
      issues: [{ path: 'query.cursor' }],
    });
  });

  it('says that it does not know what was before its records, and takes what is to come as now', async () => {
    const ask = (at: string) => failure(kit.owner.access.asOf({ params, query: { at } }));
    expect(await ask(isoTime(start - 1))).toMatchObject({
      code: 'not_found',
      detail: expect.stringContaining('is kept') as string,
    });
    const toCome = await kit.owner.access.asOf({ params, query: { at: isoTime(start + passed + 1) } });
    expect(toCome.at).toBe(now());
    await kit.database.db
      .updateTable('policy_versions')
      .set({ digest: 'f'.repeat(64) })
      .execute();
    await kit.database.db
      .updateTable('policy_bodies')
      .set({ digest: 'f'.repeat(64) })
      .where('digest', 'in', (from) => from.selectFrom('policy_bodies').select('digest').limit(1))
      .execute();
    expect(await ask(now())).toMatchObject({ code: 'not_found', detail: expect.stringContaining('changed') as string });
  });
});

describe('access between two moments', () => {
  it('[AUD-09][NEW-02] is exactly where the two differ', async () => {
    const first = now();
    const before = await asOf(first);
    advance(minute);
    await kit.owner.rules.create({
      params,
      body: { effect: 'deny', subject: 'member:cy@example.com', object: 'github:github_write' },
    });
    await kit.owner.approvalSettings.update({
      params: { ...params, server: 'grafana' },
      body: { settings: [{ target: 'grafana_write', approval: 'required' }] },
    });
    await addServer('deploy', ['roll_out'], now());
    await kit.owner.members.remove({ params: { ...params, member: di } });
    advance(minute);
    const second = now();
    const after = await asOf(second);
    const key = ({ subject, token, server, tool }: AccessAsOfItem) => [subject, token, server, tool].join(' ');
    const state = (item: AccessAsOfItem | undefined) =>
      item === undefined ? 'none' : item.approval ? 'once-approved' : 'allowed';
    const [was, is] = [
      new Map(before.map((item) => [key(item), item])),
      new Map(after.map((item) => [key(item), item])),
    ];
    const expected = [...new Set([...was.keys(), ...is.keys()])]
      .map((one) => `${one}: ${state(was.get(one))} → ${state(is.get(one))}`)
      .filter((line) => !/: (\S+) → \1$/.test(line))
      .sort();
    for (const limit of [1_000, 2]) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await kit.owner.access.changes({ params, query: { from: first, to: second, limit, cursor } });
        found.push(
          ...page.items.map(
            (item) => `${[item.subject, item.token, item.server, item.tool].join(' ')}: ${item.before} → ${item.after}`,
          ),
        );
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(found.sort()).toEqual(expected);
    }
    expect(expected).toEqual(
      expect.arrayContaining([
        'member:cy@example.com  github github_write: allowed → none',
        'member:cy@example.com  grafana grafana_write: allowed → once-approved',
        'member:cy@example.com  deploy roll_out: none → allowed',
        'member:di@example.com  github github_read: allowed → none',
      ]),
    );
    const same = await kit.owner.access.changes({ params, query: { from: second, to: second } });
    expect(same.items).toEqual([]);
    expect(await failure(kit.owner.access.changes({ params, query: { from: second, to: first } }))).toMatchObject({
      issues: [{ path: 'query.to' }],
    });
  });
});
