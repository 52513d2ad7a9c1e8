import type { Timeline, TimelineEntry, timelineQuery } from '@mcpnest/contract/schemas/timelines';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { notFound } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { callHours, firstAndLast, tokenLives, type Span, type Token } from './calls.ts';
import { eventsAbout, eventsNaming } from './events.ts';

type Query = z.output<typeof timelineQuery>;

/**
 * What a person was given, lost and called; also of one who was removed. A member asks about themself only.
 * @throws AppError `not_found`
 */
export async function memberTimeline(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  memberId: string,
  query: Query,
): Promise<Timeline> {
  const own = administers(actor) ? memberId : await ownMember(db, workspace, actor);
  const member = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'users.email'])
    .where('members.id', '=', memberId)
    .where('members.workspace_id', '=', workspace.id)
    .executeTakeFirst();
  if (member === undefined || own !== memberId) throw notFound('member', memberId);
  // Documents of rules and changes of teams name others, too.
  const nouns = administers(actor) ? everyNoun : ['rules', 'stops'];
  return holderTimeline(db, workspace, { kind: 'member', id: member.id, name: member.email, nouns }, query);
}

/** What a machine was given, lost and called; also of one that was removed. @throws AppError `not_found` */
export async function machineTimeline(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  machineId: string,
  query: Query,
): Promise<Timeline> {
  const machine = await db
    .selectFrom('machines')
    .select(['id', 'name'])
    .where('id', '=', machineId)
    .where('workspace_id', '=', workspace.id)
    .executeTakeFirst();
  if (machine === undefined) throw notFound('machine', machineId);
  return holderTimeline(db, workspace, { kind: 'machine', ...machine, nouns: everyNoun }, query);
}

/** The span of a query as stored times. */
export const spanOf = ({ from, to }: Pick<Query, 'from' | 'to'>): Span => ({
  from: from === undefined ? undefined : isoTime(Date.parse(from)),
  to: to === undefined ? undefined : isoTime(Date.parse(to)),
});

/** Parts of a timeline as one, newest first, cut to what was asked for. */
export function merged(
  parts: readonly { readonly items: readonly TimelineEntry[]; readonly complete: boolean }[],
  limit: number,
): Pick<Timeline, 'items' | 'complete'> {
  const known = new Set<string>();
  const all = parts
    .flatMap(({ items }) => items)
    .filter((item) => {
      const key = JSON.stringify(item);
      return !known.has(key) && known.add(key);
    })
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return { items: all.slice(0, limit), complete: all.length <= limit && parts.every((part) => part.complete) };
}

interface Holder {
  readonly kind: 'member' | 'machine';
  readonly id: string;
  readonly name: string;
  /** Nouns whose changes may name the holder. */
  readonly nouns: readonly string[];
}

const everyNoun = ['rules', 'policy', 'stops', 'teams'];

async function holderTimeline(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  { kind, id, name, nouns }: Holder,
  query: Query,
): Promise<Timeline> {
  const span = spanOf(query);
  const column = kind === 'member' ? 'member_id' : 'machine_id';
  const tokens: Token[] = await db
    .selectFrom('gateway_tokens')
    .select(['id', 'label', 'created_at', 'revoked_at', 'expires_at'])
    .where(column, '=', id)
    .where('workspace_id', '=', workspace.id)
    .orderBy('created_at', 'desc')
    .execute();
  const requests = await db.selectFrom('access_requests').select('id').where('member_id', '=', id).execute();
  const targets = [
    `${kind}:${id}`,
    ...tokens.map((token) => `token:${token.id}`),
    ...requests.map((request) => `access-request:${request.id}`),
  ];
  const subject = `${kind}:${name}`;
  const about = await eventsAbout(db, workspace, targets, span);
  const naming = await eventsNaming(db, workspace, nouns, [subject, id], span);
  const tokensOf = sql`select id from gateway_tokens where ${sql.ref(column)} = ${id}`;
  const hours = await callHours(db, workspace, { tokens: tokensOf }, span);
  const filter = kind === 'member' ? { memberId: id } : { machineId: id };
  return {
    subject,
    calls: { total: hours.total, ...(await firstAndLast(db, workspace, { ...filter, ...query })) },
    tokens: await tokenLives(db, workspace, subject, tokens),
    ...merged([about, naming, hours, await approvalsOf(db, workspace, column, id, span)], query.limit),
  };
}

/** Approvals that are read for one timeline. */
const mostApprovals = 1_000;

async function approvalsOf(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  column: 'member_id' | 'machine_id',
  id: string,
  { from, to }: Span,
): Promise<{ items: TimelineEntry[]; complete: boolean }> {
  let rows = db
    .selectFrom('approvals')
    .select(['id', 'created_at', 'server_slug', 'tool', 'state', 'decided_at', 'decided_by'])
    .where('workspace_id', '=', workspace.id)
    .where(column, '=', id);
  if (from !== undefined) rows = rows.where('created_at', '>=', from);
  if (to !== undefined) rows = rows.where('created_at', '<', to);
  const found = await rows.orderBy('created_at', 'desc').limit(mostApprovals).execute();
  return {
    complete: found.length < mostApprovals,
    items: found.map((row) => ({
      at: row.created_at,
      kind: 'approval',
      what: `asked to call ${row.server_slug}:${row.tool}: ${row.state}`,
      by: row.decided_by,
      facts: { id: row.id, state: row.state, decidedAt: row.decided_at },
    })),
  };
}
