import { setImmediate as turn } from 'node:timers/promises';
import type { Matrix, MatrixCell, matrixQuery } from '@mcpnest/contract/schemas/tools';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { notFound } from '../../domain/errors.ts';
import { decide, maySee, viewKey, type Principal } from '../../domain/policy.ts';
import { defaultWorkspaceSettings, type Snapshot } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { toolsOf, type KnownTool } from '../servers/servers.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { principalsOf, teamPrincipal } from './principals.ts';

type Query = z.output<typeof matrixQuery>;
type Tool = Pick<KnownTool, 'tool' | 'class' | 'hash'>;

interface Column {
  readonly server: string;
  readonly tool: string | null;
  readonly class: KnownTool['class'] | null;
  readonly tools: readonly Tool[];
}

/** Decisions after which others have their turn. */
const stretch = 2_000;
const mostRules = 3;

/**
 * Who may call how much of what, a page of rows by a page of columns. Callers to whom the policy gives the same answers
 * are judged once.
 * @throws AppError `not_found` for a server that is not there
 */
export async function accessMatrix(
  { db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock },
  workspace: WorkspaceRef,
  query: Query,
): Promise<Matrix> {
  const snapshot = await readSnapshot(db, workspace.id);
  const { columns, total } = await columnsOf(db, snapshot, query);
  const callers = having(await callersOf(db, workspace, query.of), query.words);
  const from = query.cursor ?? 0;
  const page = callers.slice(from, from + query.limit);
  const principals = await asPrincipals(db, workspace, query.of, page);
  const judge = createJudge(snapshot, columns, clock.now());
  const rows: Matrix['rows'] = [];
  for (const [index, { id, name }] of page.entries())
    rows.push({ id, subject: `${query.of.slice(0, -1)}:${name}`, cells: await judge(principals[index]!) });
  const { preset, enforcement } = snapshot.settings.access ?? defaultWorkspaceSettings.access;
  return {
    preset,
    enforcement,
    columns: columns.map((column) => ({ ...column, tools: column.tools.length })),
    rows,
    totals: { rows: callers.length, columns: total },
    nextCursor: from + page.length < callers.length ? String(from + page.length) : null,
  };
}

async function columnsOf(
  db: Kysely<Schema>,
  snapshot: Snapshot,
  { server, column = 0, columns }: Query,
): Promise<{ readonly columns: readonly Column[]; readonly total: number }> {
  const page = <Item>(items: readonly Item[]): readonly Item[] => items.slice(column, column + columns);
  if (server !== undefined) {
    const row = snapshot.servers.find(({ slug }) => slug === server);
    if (row === undefined) throw notFound('server', server);
    const tools = (await toolsOf(db, [row])).get(row.id)!;
    const one = (tool: KnownTool): Column => ({ server, tool: tool.tool, class: tool.class, tools: [tool] });
    return { columns: page(tools).map(one), total: tools.length };
  }
  const shown = page(snapshot.servers);
  const tools = await toolsOf(db, shown);
  return {
    columns: shown.map(({ id, slug }) => ({ server: slug, tool: null, class: null, tools: tools.get(id) ?? [] })),
    total: snapshot.servers.length,
  };
}

interface Caller {
  readonly id: string;
  readonly name: string;
}

async function callersOf(db: Kysely<Schema>, workspace: WorkspaceRef, of: Query['of']): Promise<Caller[]> {
  if (of === 'members') {
    return db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['members.id', 'users.email as name'])
      .where('members.workspace_id', '=', workspace.id)
      .where('members.removed_at', 'is', null)
      .orderBy('users.email')
      .execute();
  }
  if (of === 'machines') {
    return db
      .selectFrom('machines')
      .select(['id', 'name'])
      .where('workspace_id', '=', workspace.id)
      .where('removed_at', 'is', null)
      .orderBy('name')
      .execute();
  }
  const teams = db.selectFrom('teams').select(['id', 'slug as name']).where('workspace_id', '=', workspace.id);
  return teams.orderBy('slug').execute();
}

function having(callers: readonly Caller[], words = ''): readonly Caller[] {
  const wanted = words.toLowerCase().split(/\s+/);
  return callers.filter(({ name }) => wanted.every((word) => name.toLowerCase().includes(word)));
}

async function asPrincipals(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  of: Query['of'],
  page: readonly Caller[],
): Promise<Principal[]> {
  if (of === 'teams') return page.map(({ id }) => teamPrincipal(workspace, id));
  const ids = page.map(({ id }) => id);
  const kind = of === 'members' ? 'member' : 'machine';
  return [...(await principalsOf(db, workspace, kind, ids)).values()];
}

function createJudge(
  snapshot: Snapshot,
  columns: readonly Column[],
  at: number,
): (principal: Principal) => Promise<MatrixCell[]> {
  const known = new Map<string, MatrixCell[]>();
  let judged = 0;

  async function cellsOf(principal: Principal): Promise<MatrixCell[]> {
    const cells: MatrixCell[] = [];
    for (const column of columns) {
      const count = new CellCount();
      const visible = maySee(snapshot, principal, column.server);
      for (const tool of column.tools.length === 0 ? [undefined] : column.tools) {
        if (++judged % stretch === 0) await turn();
        const call = { serverSlug: column.server, kind: tool === undefined ? 'method' : 'tool' } as const;
        const what = { name: tool?.tool ?? '', definition: tool?.hash ?? null };
        count.add(decide(snapshot, principal, { ...call, ...what }, at), visible);
      }
      cells.push(count.view());
    }
    return cells;
  }

  return async (principal) => {
    const key = viewKey(snapshot, principal);
    // Whoever was ever stopped is told apart by a token, and has none here.
    if (key === `token:${principal.tokenId}`) return cellsOf(principal);
    let cells = known.get(key);
    if (cells === undefined) known.set(key, (cells = await cellsOf(principal)));
    return cells;
  };
}

class CellCount {
  #allowed = 0;
  #approval = 0;
  #denied = 0;
  #hidden = 0;
  readonly #rules = new Map<string, number>();

  add(decision: ReturnType<typeof decide>, visible: boolean): void {
    this.#rules.set(decision.rule, (this.#rules.get(decision.rule) ?? 0) + 1);
    if (decision.effect === 'allow') {
      this.#allowed++;
      if (decision.approval !== undefined) this.#approval++;
    } else if (visible) this.#denied++;
    else this.#hidden++;
  }

  view(): MatrixCell {
    const rules = [...this.#rules].map(([rule, tools]) => ({ rule, tools }));
    return {
      allowed: this.#allowed,
      approval: this.#approval,
      denied: this.#denied,
      hidden: this.#hidden,
      rules: rules.sort((a, b) => b.tools - a.tools).slice(0, mostRules),
    };
  }
}
