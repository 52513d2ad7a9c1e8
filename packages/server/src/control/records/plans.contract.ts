import { describe, expect, it } from 'vitest';
import type { CompiledQuery, Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { CallFilter, CallPlan } from './call-terms.ts';
import { edgeQuery, rowsQuery, timeTerms, untilEdge, windowEdge, windowRows, type Order } from './walk.ts';

type Explain = (filter: CallFilter, order: Order) => Promise<readonly string[]>;

/** The statements a page of a search is read with. @param at moment the page before ended */
export async function pageStatements(
  db: Kysely<Schema>,
  plan: CallPlan,
  order: Order,
  at: string,
): Promise<CompiledQuery[]> {
  const terms = [...plan.keys[0]!, ...timeTerms(order, { ...plan, after: { at, id: '0' } })];
  if (plan.rest.length === 0) return [rowsQuery(db, terms, order, 51).compile()];
  const edge = await windowEdge(db, terms, order, windowRows);
  return [
    edgeQuery(db, terms, order, windowRows).compile(),
    rowsQuery(db, [...terms, ...untilEdge(order, edge), ...plan.rest], order, 51).compile(),
  ];
}

/** The usual filters and the index each is to be read through. */
const usual: readonly (readonly [string, CallFilter, RegExp])[] = [
  ['no filter', {}, /mcp_tool_calls_time/],
  ['a span', { from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z' }, /mcp_tool_calls_time/],
  ['a token', { tokenId: 'some' }, /mcp_tool_calls_token/],
  ['a member', { memberId: 'some' }, /mcp_tool_calls_token/],
  ['a server', { server: 's1' }, /mcp_tool_calls_server/],
  ['a tool', { tool: 's1_tool_1' }, /mcp_tool_calls_tool/],
  ['a prefix of tools', { toolPrefix: 's1_' }, /mcp_tool_calls_tool/],
  ['a server and a tool', { server: 's1', tool: 's1_tool_1' }, /mcp_tool_calls_tool/],
  ['failures', { failed: 'true' }, /mcp_tool_calls_failed/],
  ['an outcome', { outcome: 'transport' }, /mcp_tool_calls_failed/],
  ['5xx', { statusClass: '5xx' }, /mcp_tool_calls_failed/],
  ['failures of a server', { server: 's1', failed: 'true' }, /mcp_tool_calls_server/],
  ['a rule', { rule: 'not-listed' }, /mcp_tool_calls_rule/],
  ['an error code', { errorCode: 'reset' }, /mcp_tool_calls_error/],
  ['an approval', { approvalId: 'some' }, /mcp_tool_calls_approval/],
  ['a trace', { traceId: 'some' }, /mcp_tool_calls_trace/],
  ['a call', { callId: 'some' }, /mcp_tool_calls_pkey|autoindex_mcp_tool_calls_1/],
  ['a method and a client', { method: 'tools/call', client: 'cursor' }, /mcp_tool_calls_time/],
];

/** No question reads the whole table, and each is read through the index made for it. */
export function describePlans(engine: string, explain: Explain): void {
  describe(`query plans of searches on ${engine}`, () => {
    it.each(usual)('[REG-12] reads %s through its index, in order of time', async (_, filter, index) => {
      for (const order of ['newest', 'oldest'] as const) {
        const plan = await explain(filter, order);
        expect(plan.join('\n')).toMatch(index);
        expect(
          plan.filter((line) => /^SCAN mcp_tool_calls\b(?!.*INDEX)|Seq Scan on mcp_tool_calls/.test(line)),
        ).toEqual([]);
        // Only rows of one moment may need sorting.
        expect(plan.filter((line) => /USE TEMP B-TREE FOR ORDER BY/.test(line))).toEqual([]);
      }
    });
  });
}
