import type { Impact, impactQuery } from '@mcpnest/contract/schemas/console';
import { sql, type Expression, type Kysely } from 'kysely';
import type { z } from 'zod';
import { notFound } from '../../domain/errors.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourMs, hoursBetween, sumCounts } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { showRule } from '../rules/rules.ts';
import { selectServer, toolNames } from '../servers/servers.ts';

type Query = z.output<typeof impactQuery>;
type Db = Kysely<Schema>;

/** Calls of a rule that are looked at: they are rows and not counts. */
const mostRows = 20_000;

/** What a thing is: its name, the calls that are its own, and what goes with it whether it was used or not. */
interface Thing {
  readonly name: string;
  /** SQL of the ids of tokens whose calls they are; left out for a server or a rule. */
  readonly tokens?: Expression<unknown>;
  readonly server?: string;
  readonly rule?: string;
  readonly own: Partial<Pick<Impact, 'members' | 'machines' | 'tokens' | 'tools'>>;
}

interface Calls {
  readonly count: number;
  readonly tokens: ReadonlySet<string>;
  readonly servers: ReadonlySet<string>;
  readonly complete: boolean;
}

/**
 * Who would notice a removal: what goes with the thing, and who called it, or whom it called, within a day.
 * @param now milliseconds since the epoch
 * @throws AppError `not_found`
 */
export async function impactOf(db: Db, workspace: WorkspaceRef, query: Query, now: number): Promise<Impact> {
  const thing = await thingOf(db, workspace, query, isoTime(now));
  const from = Math.floor(now / hourMs) * hourMs - 24 * hourMs;
  const calls = await callsOf(db, workspace, thing, from);
  const people = await behind(db, workspace, [...calls.tokens]);
  return {
    kind: query.kind,
    name: thing.name,
    since: isoTime(from),
    calls: calls.count,
    members: thing.own.members ?? people.members,
    machines: thing.own.machines ?? people.machines,
    servers: calls.servers.size,
    tokens: thing.own.tokens ?? calls.tokens.size,
    tools: thing.own.tools ?? 0,
    complete: calls.complete,
  };
}

async function thingOf(db: Db, workspace: WorkspaceRef, { kind, id }: Query, at: string): Promise<Thing> {
  switch (kind) {
    case 'server': {
      const row = await selectServer(db, workspace.id, id);
      const names = await toolNames(db, [row.id]);
      return { name: row.name, server: row.slug, own: { tools: names.get(row.id)?.length ?? 0 } };
    }
    case 'rule': {
      const rule = await showRule(db, workspace, id);
      return { name: `${rule.effect} ${rule.subject} ${rule.object}`, rule: `rule:${rule.id}`, own: {} };
    }
    case 'member':
      return memberOf(db, workspace, id, at);
    case 'team':
      return teamOf(db, workspace, id);
    case 'machine': {
      const row = await one(db, 'machines', workspace, id).select('name').executeTakeFirst();
      if (row === undefined) throw notFound('machine', id);
      const own = { machines: 1, tokens: await living(db, 'machine_id', id, at) };
      return { name: row.name, tokens: tokensWhere(sql`machine_id = ${id}`), own };
    }
    case 'token': {
      const tokens = db.selectFrom('gateway_tokens').select('label').where('workspace_id', '=', workspace.id);
      const row = await tokens.where('id', '=', id).executeTakeFirst();
      if (row === undefined) throw notFound('token', id);
      return { name: row.label, tokens: tokensWhere(sql`id = ${id}`), own: { tokens: 1 } };
    }
  }
}

/** A member goes with their machines, which are suspended. */
async function memberOf(db: Db, workspace: WorkspaceRef, id: string, at: string): Promise<Thing> {
  const row = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('users.email')
    .where('members.workspace_id', '=', workspace.id)
    .where('members.id', '=', id)
    .where('members.removed_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw notFound('member', id);
  const machines = await db
    .selectFrom('machines')
    .select('id')
    .where('owner_id', '=', id)
    .where('removed_at', 'is', null)
    .execute();
  const owned = sql`machine_id in (select id from machines where owner_id = ${id})`;
  const own = { members: 1, machines: machines.length, tokens: await living(db, 'member_id', id, at) };
  return { name: row.email, tokens: tokensWhere(sql`member_id = ${id} or ${owned}`), own };
}

async function teamOf(db: Db, workspace: WorkspaceRef, slug: string): Promise<Thing> {
  const teams = db.selectFrom('teams').select(['id', 'name']).where('workspace_id', '=', workspace.id);
  const row = await teams.where('slug', '=', slug).executeTakeFirst();
  if (row === undefined) throw notFound('team', slug);
  const seats = await db.selectFrom('team_members').select('member_id').where('team_id', '=', row.id).execute();
  const seated = sql`member_id in (select member_id from team_members where team_id = ${row.id})`;
  return { name: row.name, tokens: tokensWhere(seated), own: { members: seats.length } };
}

const tokensWhere = (term: Expression<unknown>): Expression<unknown> =>
  sql`select id from gateway_tokens where ${term}`;

const one = (db: Db, table: 'machines', workspace: WorkspaceRef, id: string) =>
  db.selectFrom(table).where('workspace_id', '=', workspace.id).where('id', '=', id).where('removed_at', 'is', null);

async function living(db: Db, column: 'member_id' | 'machine_id', id: string, at: string): Promise<number> {
  const { count } = await db
    .selectFrom('gateway_tokens')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where(column, '=', id)
    .where('revoked_at', 'is', null)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
    .executeTakeFirstOrThrow();
  return count;
}

async function callsOf(db: Db, workspace: WorkspaceRef, thing: Thing, from: number): Promise<Calls> {
  const [tokens, servers] = [new Set<string>(), new Set<string>()];
  let count = 0;
  const add = (row: {
    readonly token_id: string;
    readonly server_slug: string | null;
    readonly calls: number;
  }): void => {
    tokens.add(row.token_id);
    if ((row.server_slug ?? '') !== '') servers.add(row.server_slug!);
    count += row.calls;
  };
  if (thing.rule !== undefined) {
    const rows = await db
      .selectFrom('mcp_tool_calls')
      .select(['token_id', 'server_slug', 'repeat_count as calls'])
      .where('workspace_id', '=', workspace.id)
      .where('rule', '=', thing.rule)
      .where('created_at', '>=', isoTime(from))
      .limit(mostRows)
      .execute();
    for (const row of rows) add(row);
    return { count, tokens, servers, complete: rows.length < mostRows };
  }
  const hours = await hoursBetween(db, workspace.id, from, undefined);
  if (hours !== undefined) {
    await sumCounts<'token_id' | 'server_slug', 'calls'>(
      db,
      'caller_counts',
      {
        workspaceId: workspace.id,
        hours,
        where: thing.server === undefined ? [] : [sql`server_slug = ${thing.server}`],
        ofTokens: thing.tokens,
        columns: ['token_id', 'server_slug'],
        sums: ['calls'],
      },
      add,
    );
  }
  return { count, tokens, servers, complete: true };
}

/** Tokens that are looked up in one statement. */
const chunk = 500;

async function behind(
  db: Db,
  workspace: WorkspaceRef,
  tokens: readonly string[],
): Promise<{ readonly members: number; readonly machines: number }> {
  const [members, machines] = [new Set<string>(), new Set<string>()];
  for (let from = 0; from < tokens.length; from += chunk) {
    const rows = await db
      .selectFrom('gateway_tokens')
      .select(['member_id', 'machine_id'])
      .where('workspace_id', '=', workspace.id)
      .where('id', 'in', tokens.slice(from, from + chunk))
      .execute();
    for (const { member_id, machine_id } of rows) {
      if (member_id !== null) members.add(member_id);
      if (machine_id !== null) machines.add(machine_id);
    }
  }
  return { members: members.size, machines: machines.size };
}
