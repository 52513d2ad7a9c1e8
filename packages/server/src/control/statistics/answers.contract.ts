import type { Client } from '@mcpnest/contract/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../domain/ids.ts';
import { callRow } from '../call-row.contract.ts';
import { failure, type Kit } from '../kit.contract.ts';
import { countSeed } from '../records/seed.contract.ts';

const params = { workspace: 'acme' };

/** Statistics, use, inventory, timelines and paths on either engine, over calls that can be counted by hand. */
export function describeAnswers(engine: string, kit: () => Kit): void {
  describe(`answers on ${engine}`, () => {
    let ann: string;
    let bob: string;
    let annKey: Client;
    let annToken: string;
    let ciToken: string;
    let machine: string;
    let denied: string;

    const time = (day: number, hour: number, minute = 0): string =>
      new Date(Date.UTC(2026, 10, day, hour, minute)).toISOString();

    beforeAll(async () => {
      const { owner, database, snapshot, memberKey, clientOf } = kit();
      const { db } = database;
      annKey = clientOf(await memberKey('acme', 'ann@example.com', 'member'));
      await memberKey('acme', 'bob@example.com', 'member');
      const { items: members } = await owner.members.list({ params });
      ann = members.find(({ email }) => email === 'ann@example.com')!.id;
      bob = members.find(({ email }) => email === 'bob@example.com')!.id;
      for (const name of ['Red', 'Blue']) await owner.teams.create({ params, body: { name } });
      await owner.teams.addMember({ params: { ...params, team: 'red', member: ann } });
      await owner.teams.addMember({ params: { ...params, team: 'blue', member: ann } });
      await owner.teams.addMember({ params: { ...params, team: 'blue', member: bob } });
      machine = (await owner.machines.create({ params, body: { name: 'ci', ownerId: bob } })).id;
      const issue = async (body: Parameters<typeof owner.tokens.issue>[0]['body']) =>
        (await owner.tokens.issue({ params, body })).token.id;
      annToken = await issue({ kind: 'member', memberId: ann, label: 'laptop' });
      ciToken = await issue({ kind: 'machine', machineId: machine, label: 'runner' });
      const bobToken = await issue({ kind: 'member', memberId: bob, label: 'desk' });
      await owner.servers.create({
        params,
        body: {
          ...{ name: 'GitHub', url: 'https://github.example.com/mcp', maintainer: 'bob@example.com' },
          ...{ sensitivity: 'confidential', labels: ['code', 'prod'] },
        },
      });
      await owner.servers.create({ params, body: { name: 'Idle', url: 'https://idle.example.com/mcp' } });
      const { servers, workspace } = await snapshot('acme');
      const github = servers.find(({ slug }) => slug === 'github')!.id;
      const row = (tokenId: string, memberId: string | null, more: Partial<ReturnType<typeof callRow>>) =>
        callRow(Date.UTC(2026, 10, 21), {
          ...{ workspace_id: workspace.id, token_id: tokenId, member_id: memberId, client_name: 'cursor' },
          ...{ latency_ms: 20, upstream_ms: 15, tool_name: 'list_issues' },
          ...{ bytes_in: 100, bytes_out: 200 },
          ...{ server_id: github, server_slug: 'github' },
          ...more,
        });
      denied = newId(Date.UTC(2026, 10, 21));
      const gone = { outcome: 'timeout', status: 504, error_code: 'timeout', latency_ms: 1_000, upstream_ms: 990 };
      const refusal = { outcome: 'denied', status: 403, error_code: 'denied_by_policy', rule: 'not-listed' };
      const rows = [
        row(annToken, ann, { created_at: time(20, 9), latency_ms: 10 }),
        row(annToken, ann, { created_at: time(20, 9, 30), latency_ms: 30 }),
        row(annToken, ann, { created_at: time(21, 8), ...gone }),
        row(annToken, ann, {
          ...{ created_at: time(21, 9), id: denied, dispatched: 0, upstream_ms: null, latency_ms: 2, repeat_count: 4 },
          ...{ tool_name: 'delete_repo', ...refusal },
        }),
        row(bobToken, bob, {
          created_at: time(21, 9, 10),
          tool_name: 'delete_repo',
          outcome: 'tool_error',
          error_code: 'tool_error',
        }),
        row(ciToken, null, { created_at: time(21, 10) }),
      ];
      for (const one of rows) await db.insertInto('mcp_tool_calls').values(one).execute();
      await countSeed(db);
      const history = [
        { at: time(21, 0), state: 'healthy', error_class: null },
        { at: time(21, 6), state: 'down', error_class: 'timeout' },
        { at: time(21, 9), state: 'degraded', error_class: null },
      ];
      for (const one of history)
        await db
          .insertInto('health_history')
          .values({ server_id: github, ...one })
          .execute();
      const state = { state: 'degraded', since: time(21, 9), last_error_class: 'timeout', latency_ms: 4 };
      await db
        .insertInto('upstream_health')
        .values({ server_id: github, ...state, checked_at: time(21, 10) })
        .execute();
    });

    it('[AUD-10][VIS-03] counts failures by whose fault they are, availability and latency by server and tool', async () => {
      const { owner } = kit();
      const stats = await owner.statistics.stats({ params, query: {} });
      expect(stats).toMatchObject({ from: time(20, 9), to: time(21, 11), errorPercent: 23, others: 0 });
      expect(stats.items).toHaveLength(1);
      expect(stats.items[0]).toMatchObject({
        ...{ server: 'github', tool: null, calls: 9, ok: 3, bytesIn: 900, upstreamMs: (15 * 4 + 990) / 5 },
        faults: { caller: 0, denied: 4, tool: 1, upstream: 1, gateway: 0 },
        outcomes: { denied: 4, ok: 3, timeout: 1, tool_error: 1 },
        latencyMs: { mean: (10 + 30 + 1_000 + 20 + 20) / 5, p99: 887 },
      });
      // Four of the five that were sent were answered; the four refusals were not sent.
      expect(stats.items[0]!.availability).toBeCloseTo(0.8);
      expect(stats.items[0]!.healthyShare).toBeCloseTo(8 / 11);
      expect(stats.total).toMatchObject({ calls: 9 });
      const query = { by: 'tool', from: time(21, 9), server: 'github' } as const;
      const tools = await owner.statistics.stats({ params, query });
      expect(tools.items.map(({ tool, calls }) => [tool, calls])).toEqual([
        ['delete_repo', 5],
        ['list_issues', 1],
      ]);
    });

    it('[VIS-05] counts use by team, member, machine, token and server, per day, month and in all', async () => {
      const use = async (query: NonNullable<Parameters<Client['statistics']['usage']>[0]['query']>) =>
        (await kit().owner.statistics.usage({ params, query })).items.map(({ period, name, id, calls }) => [
          ...[period, name ?? id, calls],
        ]);
      expect(await use({ by: 'member', per: 'day' })).toEqual([
        ['2026-11-20', 'ann@example.com', 2],
        ['2026-11-21', 'ann@example.com', 5],
        ['2026-11-21', null, 1],
        ['2026-11-21', 'bob@example.com', 1],
      ]);
      expect(await use({ by: 'team', per: 'all' })).toEqual([
        ['all', 'Blue', 9],
        ['all', 'Red', 7],
      ]);
      expect(await use({ by: 'machine', per: 'month' })).toEqual([
        ['2026-11', null, 8],
        ['2026-11', 'ci', 1],
      ]);
      expect(await use({ by: 'server', per: 'all' })).toEqual([['all', 'github', 9]]);
      expect((await use({ by: 'token', per: 'all', from: time(21, 0) }))[0]).toEqual(['all', 'laptop', 5]);
      const denials = await kit().owner.statistics.usage({ params, query: { by: 'member', per: 'all' } });
      expect(denials.items[0]).toMatchObject({ failed: 5, denied: 4, bytesOut: 1400 });
    });

    it('[VIS-03] shows calls, failures and latency over time, with every hour and day there is', async () => {
      const { owner } = kit();
      const from = time(20, 0);
      const hours = await owner.statistics.series({ params, query: { from, to: time(21, 12) } });
      expect(hours.points).toHaveLength(36);
      expect(hours.points.filter(({ calls }) => calls > 0).map(({ at, calls, p95 }) => [at, calls, p95])).toEqual([
        [time(20, 9), 2, 28],
        [time(21, 8), 1, 887],
        [time(21, 9), 5, 20],
        [time(21, 10), 1, 20],
      ]);
      expect(hours.total).toMatchObject({ calls: 9, ok: 3, faults: { denied: 4, upstream: 1 } });
      // A day that begins two hours before that of UTC.
      const query = { per: 'day', offset: 120, from, to: time(21, 23), server: 'github', tool: 'delete_repo' } as const;
      const days = await owner.statistics.series({ params, query });
      expect(days.points.map(({ at, calls }) => [at, calls])).toEqual([
        [time(19, 22), 0],
        [time(20, 22), 5],
        [time(21, 22), 0],
      ]);
      const long = owner.statistics.series({ params, query: { from: '2026-01-01T00:00:00Z', to: time(21, 0) } });
      expect(await failure(long)).toMatchObject({ issues: [{ path: 'query.from' }] });
      const empty = owner.statistics.series({ params, query: { from, to: from } });
      expect(await failure(empty)).toMatchObject({ code: 'invalid_input' });
      expect(await failure(annKey.statistics.series({ params }))).toMatchObject({ code: 'forbidden' });
    });

    it('[VIS-03] counts calls by weekday and hour of the wall clock', async () => {
      const { owner } = kit();
      const busy = async (offset: number) =>
        (await owner.statistics.heat({ params, query: { offset, to: time(21, 12) } })).cells
          .filter(({ calls }) => calls > 0)
          .map(({ weekday, hour, calls, failed }) => [weekday, hour, calls, failed]);
      expect(await busy(0)).toEqual([
        [5, 9, 2, 0],
        [6, 8, 1, 1],
        [6, 9, 5, 5],
        [6, 10, 1, 0],
      ]);
      expect((await busy(-600))[0]).toEqual([4, 23, 2, 0]);
      const { cells } = await owner.statistics.heat({ params, query: { server: 'idle' } });
      expect([cells.length, cells[0], cells.some(({ calls }) => calls > 0)]).toEqual([
        168,
        { weekday: 1, hour: 0, calls: 0, failed: 0 },
        false,
      ]);
    });

    it('[VIS-05] maps who depends on which server, by caller and by team', async () => {
      const { owner } = kit();
      const span = { from: time(20, 0), to: time(21, 12) };
      const found = await owner.statistics.dependencies({ params, query: span });
      expect(found.servers).toEqual([{ server: 'github', calls: 9, failed: 6, denied: 4 }]);
      expect(found.edges.map(({ from, server, calls, failed }) => [from, server, calls, failed])).toEqual([
        ['member:ann@example.com', 'github', 7, 5],
        ['machine:ci', 'github', 1, 0],
        ['member:bob@example.com', 'github', 1, 1],
      ]);
      const teams = await owner.statistics.dependencies({ params, query: { ...span, by: 'team' } });
      expect(teams.edges.map(({ from, calls }) => [from, calls])).toEqual([
        ['team:blue', 9],
        ['team:red', 7],
      ]);
      const none = await owner.statistics.dependencies({ params, query: { ...span, server: 'idle' } });
      expect([none.servers, none.edges]).toEqual([[], []]);
      expect(await failure(annKey.statistics.dependencies({ params }))).toMatchObject({ code: 'forbidden' });
    });

    it('[VIS-03] shows the health of a server as bars', async () => {
      const at = { ...params, server: 'github' };
      const query = { from: time(20, 21), to: time(21, 12), bars: 5 };
      const { bars, healthyShare } = await annKey.servers.healthHistory({ params: at, query });
      expect(bars.map(({ state, downMs, errorClass }) => [state, downMs, errorClass])).toEqual([
        ['unknown', 0, null],
        ['healthy', 0, null],
        ['healthy', 0, null],
        ['down', 3 * 3_600_000, 'timeout'],
        ['degraded', 0, null],
      ]);
      expect(healthyShare).toBeCloseTo(9 / 12);
      const backwards = annKey.servers.healthHistory({ params: at, query: { from: time(21, 2), to: time(21, 1) } });
      expect(await failure(backwards)).toMatchObject({ code: 'invalid_input' });
    });

    it('shows so much use and no more, and how much it does not show', async () => {
      const { owner, database, snapshot } = kit();
      const workspace = await owner.workspaces.create({ body: { name: 'Many' } });
      const { id } = (await snapshot(workspace.slug)).workspace;
      const counts = { workspace_id: id, hour: '2026-11-20T10', server_slug: 's', outcome: 'ok', status: 200 };
      for (let done = 0; done < 10_003; done += 3_334) {
        const many = Array.from({ length: Math.min(3_334, 10_003 - done) }, (_, index) => ({
          ...{ ...counts, token_id: `token-${done + index}` },
          ...{ calls: 2, bytes_in: 1, bytes_out: 1 },
        }));
        for (let at = 0; at < many.length; at += 500)
          await database.db
            .insertInto('caller_counts')
            .values(many.slice(at, at + 500))
            .execute();
      }
      await database.db
        .insertInto('call_counts')
        .values({
          ...{ ...counts, tool_name: 't', method: 'tools/call', latency_bucket: 1, calls: 20_006, would_deny: 0 },
          ...{ latency_ms: 1, upstream_calls: 0, upstream_ms: 0, bytes_in: 1, bytes_out: 1 },
        })
        .execute();
      const query = { by: 'token', per: 'all' } as const;
      const { items, others } = await owner.statistics.usage({ params: { workspace: workspace.slug }, query });
      expect([items.length, others]).toEqual([10_000, 6]);
    });

    it('[VIS-05][L2-07] shows a member their own use, timeline and calls, and nobody else’s', async () => {
      const own = await annKey.statistics.usage({ params, query: { by: 'member', per: 'all' } });
      expect(own.items.map(({ name, calls }) => [name, calls])).toEqual([['ann@example.com', 7]]);
      expect((await annKey.timelines.member({ params: { ...params, member: ann }, query: {} })).calls.total).toBe(7);
      const others = annKey.timelines.member({ params: { ...params, member: bob }, query: {} });
      expect(await failure(others)).toMatchObject({ code: 'not_found' });
      expect((await annKey.calls.path({ params: { ...params, call: denied } })).call.id).toBe(denied);
      const [foreign] = (await kit().owner.calls.list({ params, query: { machineId: machine } })).items;
      const path = annKey.calls.path({ params: { ...params, call: foreign!.id } });
      expect(await failure(path)).toMatchObject({ code: 'not_found' });
      for (const ask of [
        annKey.statistics.stats,
        annKey.statistics.overview,
        annKey.statistics.inventory,
        annKey.calls.facets,
      ])
        expect(await failure(ask({ params, query: {} }))).toMatchObject({ code: 'forbidden' });
    });

    it('[VIS-01] takes stock: online, who maintains, in use, orphaned, sensitive, last used and healthy', async () => {
      const { owner } = kit();
      const all = await owner.statistics.inventory({ params, query: {} });
      expect(all.counts).toEqual({ servers: 2, online: 1, used: 1, orphaned: 1, sensitive: 1 });
      expect(all.items).toMatchObject([
        {
          ...{ server: 'github', online: true, state: 'degraded', maintainer: 'bob@example.com', orphaned: null },
          ...{ sensitivity: 'confidential', labels: ['code', 'prod'], used: true },
          ...{ lastUsedAt: time(21, 10), lastHealthyAt: time(21, 6) },
        },
        {
          server: 'idle',
          online: false,
          used: false,
          orphaned: 'it has neither owner nor maintainer',
          lastUsedAt: null,
        },
      ]);
      const found = async (query: NonNullable<Parameters<Client['statistics']['inventory']>[0]['query']>) =>
        (await owner.statistics.inventory({ params, query })).items.map(({ server }) => server);
      expect(await found({ sensitivity: 'internal' })).toEqual(['github']);
      expect(await found({ label: 'prod' })).toEqual(['github']);
      expect(await found({ orphaned: 'true' })).toEqual(['idle']);
      expect(await found({ used: 'false' })).toEqual(['idle']);
      expect(await found({ online: 'true', maintainer: 'BOB@example.com' })).toEqual(['github']);
      const idle = { ...params, server: 'idle' };
      await owner.servers.update({ params: idle, body: { maintainer: 'ann@example.com', labels: ['kind:browser'] } });
      expect(await found({ orphaned: 'true' })).toEqual([]);
      await owner.servers.update({ params: idle, body: { maintainer: null } });
      expect(await found({ orphaned: 'true' })).toEqual(['idle']);
      const nine = Array.from({ length: 9 }, (_, index) => `l${index}`);
      expect(await failure(owner.servers.update({ params: idle, body: { labels: nine } }))).toMatchObject({
        code: 'invalid_input',
      });
    });

    it('[VIS-02][AUD-10] tells how the workspace fares and what needs somebody, the whole first', async () => {
      const overview = await kit().owner.statistics.overview({ params, query: { hours: 6 } });
      expect(overview).toMatchObject({
        servers: { enabled: 2, online: 1, byState: { degraded: 1, unknown: 1 } },
        calls: { calls: 7, faults: { upstream: 1 } },
        busiest: [{ server: 'github', value: 7 }],
        failing: [{ server: 'github', value: 1 }],
      });
      const kinds = overview.attention.map(({ kind, what }) => `${kind} ${what.split(/[ :]/)[0]!}`);
      expect(kinds).toEqual(['failing 1', 'orphaned idle', 'unused idle']);
      expect(overview.attention.map(({ server }) => server)).toEqual(['github', 'idle', 'idle']);
    });

    it('[AUD-09] shows the way of one call with who, rule, server, end and milliseconds', async () => {
      const { parts } = await kit().owner.calls.path({ params: { ...params, call: denied } });
      expect(parts.map(({ part, milliseconds }) => [part, milliseconds])).toEqual([
        ['caller', null],
        ['token', null],
        ['policy', 2],
        ['server', null],
        ['upstream', null],
        ['outcome', 2],
      ]);
      expect(parts[0]!.facts.who).toBe('member:ann@example.com');
      expect(parts[1]!.facts.label).toBe('laptop');
      expect(parts[2]!.what).toBe('refused by not-listed');
      expect(parts[4]!.what).toBe('the server was not asked');
      const { items } = await kit().owner.calls.list({ params, query: { errorCode: 'timeout' } });
      const slow = await kit().owner.calls.path({ params: { ...params, call: items[0]!.id } });
      expect(slow.parts.slice(2).map(({ milliseconds }) => milliseconds)).toEqual([10, null, 990, 1_000]);
      const unknown = kit().owner.calls.path({ params: { ...params, call: newId(0) } });
      expect(await failure(unknown)).toMatchObject({ code: 'not_found' });
    });

    it('[AUD-09] tells the life of a person, a machine, a server and a tool, and when a token was last accepted', async () => {
      const { owner, advance } = kit();
      await owner.stops.create({ params, body: { target: 'member:ann@example.com', reason: 'looping' } });
      await owner.tokens.revoke({ params: { ...params, token: annToken } });
      advance(1_000);
      const person = await owner.timelines.member({ params: { ...params, member: ann }, query: {} });
      expect(person.calls).toEqual({ total: 7, firstAt: time(20, 9), lastAt: time(21, 9) });
      expect(person.tokens).toMatchObject([
        { label: 'laptop', lastCallAt: time(21, 9), callsAfterRevocation: 0, secondsToLastCall: -3 * 3_600 },
      ]);
      const said = person.items.map(({ kind, what }) => `${kind} ${what.split(' ')[0]!}`);
      for (const event of [
        'change members.add',
        'change tokens.issue',
        'change tokens.revoke',
        'change stops.create',
        'calls 4',
      ])
        expect(said).toContain(event);
      expect(person.items.map(({ at }) => at)).toEqual(
        person.items
          .map(({ at }) => at)
          .sort()
          .reverse(),
      );
      const short = await owner.timelines.member({ params: { ...params, member: ann }, query: { limit: 2 } });
      expect([short.items.length, short.complete]).toEqual([2, false]);
      const agent = await owner.timelines.machine({ params: { ...params, machine }, query: {} });
      expect(agent).toMatchObject({ subject: 'machine:ci', calls: { total: 1 }, tokens: [{ label: 'runner' }] });
      const server = await owner.timelines.server({ params: { ...params, server: 'github' }, query: {} });
      expect(server.calls.total).toBe(9);
      expect(server.items.filter(({ kind }) => kind === 'health')).toHaveLength(3);
      expect(server.items.some(({ what }) => what.startsWith('servers.create'))).toBe(true);
      const query = { tool: 'delete_repo' };
      const tool = await owner.timelines.server({ params: { ...params, server: 'github' }, query });
      expect(tool).toMatchObject({ subject: 'tool:github:delete_repo', calls: { total: 5, firstAt: time(21, 9) } });
    });

    it('[VIS-01] takes maintainer, sensitivity and labels from a manifest, and leaves what it does not say', async () => {
      const { owner } = kit();
      const manifest = { name: 'docs', owner: 'red', upstream: 'https://docs.example.com/mcp' };
      const at = { ...params, manifest: 'docs' };
      await owner.manifests.put({ params: at, body: { ...manifest, sensitivity: 'internal', labels: ['kind:docs'] } });
      const show = () => owner.servers.show({ params: { ...params, server: 'docs' } });
      expect(await show()).toMatchObject({ sensitivity: 'internal', labels: ['kind:docs'], maintainer: null });
      await owner.servers.update({ params: { ...params, server: 'docs' }, body: { maintainer: 'ann@example.com' } });
      const { evidence } = await owner.manifests.put({ params: at, body: { ...manifest, sensitivity: 'restricted' } });
      expect(evidence.changes).toEqual([{ path: 'sensitivity', before: 'internal', after: 'restricted' }]);
      expect(await show()).toMatchObject({
        ...{ sensitivity: 'restricted', labels: ['kind:docs'], maintainer: 'ann@example.com' },
      });
    });
  });
}
