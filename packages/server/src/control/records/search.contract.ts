import fc from 'fast-check';
import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Kit } from '../kit.contract.ts';
import { countSeed, seedCalls } from './seed.contract.ts';

const params = { workspace: 'acme' };

/** Searching and counting, on either engine: what is found is what a look at every row finds. */
export function describeSearch(engine: string, kit: () => Kit): void {
  describe(`searching calls on ${engine}`, () => {
    let all: Awaited<ReturnType<typeof everything>>;
    const everything = () =>
      kit()
        .database.db.selectFrom('mcp_tool_calls')
        .leftJoin('gateway_tokens', 'gateway_tokens.id', 'token_id')
        .selectAll('mcp_tool_calls')
        .select('gateway_tokens.machine_id')
        .execute();

    beforeAll(async () => {
      const { owner, database, snapshot } = kit();
      const workspaceId = (await snapshot('acme')).workspace.id;
      const member = await owner.members.add({ params, body: { email: 'sam@example.com' } });
      const team = await owner.teams.create({ params, body: { name: 'search' } });
      await owner.teams.addMember({ params: { ...params, team: team.slug, member: member.id } });
      const machine = await owner.machines.create({ params, body: { name: 'searcher', ownerId: member.id } });
      const issued = [
        { kind: 'member', memberId: member.id, label: 'a' },
        { kind: 'member', memberId: member.id, label: 'b' },
        { kind: 'machine', machineId: machine.id, label: 'c' },
        { kind: 'workspace', label: 'd' },
      ] as const;
      const tokens = [];
      for (const body of issued) {
        const { token } = await owner.tokens.issue({ params, body });
        const memberId = body.kind === 'member' ? body.memberId : null;
        tokens.push({ id: token.id, memberId, kind: body.kind });
      }
      const servers = { servers: 3, toolsPerServer: 4 };
      await seedCalls(database.db, { workspaceId, rows: 2_400, days: 3, lastDay: '2026-11-20', ...servers, tokens });
      const another = { workspaceId: 'another', rows: 500, days: 1, lastDay: '2026-11-20', firstNumber: 2_400 };
      await seedCalls(database.db, { ...another, ...servers, tokens });
      await countSeed(database.db);
      all = (await everything()).filter((row) => row.workspace_id === workspaceId);
    });

    type Row = (typeof all)[number];
    const filters = (): fc.Arbitrary<Record<string, string | number>> => {
      const of = (name: keyof Row) =>
        fc.constantFrom(
          ...new Set(all.map((row) => row[name]).filter((value) => value !== null)),
        ) as fc.Arbitrary<string>;
      const time = fc
        .integer({ min: Date.UTC(2026, 10, 17, 20), max: Date.UTC(2026, 10, 21, 4) })
        .map((at) => new Date(at).toISOString());
      return fc
        .record(
          {
            server: of('server_slug'),
            tool: of('tool_name'),
            toolPrefix: fc.constantFrom('s1', 's1_tool_2', 's', 'x'),
            memberId: of('member_id'),
            machineId: of('machine_id'),
            tokenId: of('token_id'),
            team: fc.constantFrom('search', 'nobody'),
            outcome: of('outcome'),
            status: of('status'),
            statusClass: fc.constantFrom('2xx', '4xx', '5xx'),
            failed: fc.constant('true'),
            errorCode: of('error_code'),
            rule: of('rule'),
            client: of('client_name'),
            traceId: of('trace_id'),
            approvalId: of('approval_id'),
            callId: of('id'),
            class: fc.constantFrom('read', 'write'),
            method: fc.constantFrom('tools/call', 'prompts/get'),
            from: time,
            to: time,
          },
          { requiredKeys: [] },
        )
        .chain((full) => fc.subarray(Object.entries(full), { maxLength: 4 }))
        .map((some) => Object.fromEntries(some));
    };

    function matches(row: Row, filter: Record<string, string | number>): boolean {
      const equal: { readonly [name: string]: keyof Row } = {
        ...{ server: 'server_slug', tool: 'tool_name', memberId: 'member_id', machineId: 'machine_id' },
        ...{ tokenId: 'token_id', outcome: 'outcome', status: 'status', errorCode: 'error_code', rule: 'rule' },
        ...{ client: 'client_name', traceId: 'trace_id', approvalId: 'approval_id', callId: 'id', method: 'method' },
      };
      return Object.entries(filter).every(([name, value]) => {
        if (equal[name] !== undefined) return row[equal[name]] === value;
        if (name === 'toolPrefix') return row.tool_name.startsWith(String(value));
        if (name === 'team') return value === 'search' && row.member_id !== null;
        if (name === 'statusClass') return Math.floor(row.status / 100) === Number(String(value)[0]);
        if (name === 'failed') return row.outcome !== 'ok';
        if (name === 'class') return value === row.tool_class;
        return name === 'from' ? row.created_at >= String(value) : row.created_at < String(value);
      });
    }
    const ordered = (rows: readonly Row[], order: string): Row[] =>
      [...rows].sort(
        (a, b) =>
          (order === 'newest' ? -1 : 1) *
          (a.created_at + a.id < b.created_at + b.id ? -1 : a.created_at + a.id > b.created_at + b.id ? 1 : 0),
      );

    it('[AUD-09][REG-12] finds by any mix of filters what a look at every row finds, in order, page by page', async () => {
      await fc.assert(
        fc.asyncProperty(
          filters(),
          fc.constantFrom('newest', 'oldest'),
          fc.constantFrom(20, 150),
          async (filter, order, limit) => {
            const wanted = ordered(
              all.filter((row) => matches(row, filter)),
              order,
            ).slice(0, 3 * limit);
            const found: ToolCall[] = [];
            for (let cursor: string | null | undefined; cursor !== null && found.length < 3 * limit;) {
              const query = { ...filter, order, limit, ...(cursor === undefined ? {} : { cursor }) } as object;
              const page = await kit().owner.calls.list({ params, query });
              found.push(...page.items);
              cursor = page.nextCursor;
            }
            expect(found.slice(0, 3 * limit).map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
          },
        ),
        { numRuns: 100 },
      );
    });

    const facetColumns = {
      outcome: 'outcome',
      status: 'status',
      method: 'method',
      server: 'server_slug',
      tool: 'tool_name',
      member: 'member_id',
      machine: 'machine_id',
      token: 'token_id',
      rule: 'rule',
      errorCode: 'error_code',
      client: 'client_name',
    } as const;
    it('[AUD-10] counts by facets what a look at every row counts, from counts and from rows alike', async () => {
      await fc.assert(
        fc.asyncProperty(filters(), async (filter) => {
          const by = Object.keys(facetColumns).join(',');
          const { items } = await kit().owner.calls.facets({ params, query: { ...filter, by } });
          const rows = all.filter((row) => matches(row, filter));
          for (const facet of items) {
            const wanted = new Map<string | null, number>();
            for (const row of rows) {
              const value = row[facetColumns[facet.by]];
              const key = value === null ? null : String(value);
              wanted.set(key, (wanted.get(key) ?? 0) + row.repeat_count);
            }
            const found = new Map(facet.items.map((item) => [item.value, item.calls]));
            expect([facet.by, facet.complete, found, facet.others]).toEqual([facet.by, true, wanted, 0]);
          }
        }),
        { numRuns: 40 },
      );
    });

    it('names members, machines and tokens of a facet', async () => {
      const { items } = await kit().owner.calls.facets({ params, query: { by: 'member,machine,token' } });
      const names = items.map((facet) => facet.items.map(({ name }) => name).sort());
      expect(names[0]).toContain('sam@example.com');
      expect(names[1]).toContain('searcher');
      expect(names[2]).toEqual(['a', 'b', 'c', 'd']);
    });
  });
}
