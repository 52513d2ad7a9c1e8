import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';

/** Text that people write, or documents that name people, by table; each with its key and the workspace it is of. */
interface TextColumn {
  readonly table: keyof Schema;
  readonly column: string;
  readonly key: readonly string[];
  /** SQL of the workspace's id; null: of the instance. */
  readonly workspace: RawBuilder<unknown>;
}

const own = sql.ref('workspace_id');
const ofServer = sql`(select workspace_id from gateway_workspace_servers where id = server_id)`;
const ofManifest = sql`(select workspace_id from manifests where id = manifest_id)`;
const ofWebhook = sql`(select workspace_id from webhooks where id = webhook_id)`;

const texts: readonly TextColumn[] = [
  { table: 'access_requests', column: 'answer', key: ['id'], workspace: own },
  { table: 'access_requests', column: 'reason', key: ['id'], workspace: own },
  { table: 'access_rules', column: 'note', key: ['id'], workspace: own },
  { table: 'api_keys', column: 'label', key: ['id'], workspace: own },
  { table: 'approvals', column: 'reason', key: ['id'], workspace: own },
  { table: 'checkpoint_targets', column: 'name', key: ['id'], workspace: sql`null` },
  { table: 'gateway_workspace_servers', column: 'labels', key: ['id'], workspace: own },
  { table: 'gateway_workspace_servers', column: 'maintainer', key: ['id'], workspace: own },
  { table: 'gateway_workspace_servers', column: 'name', key: ['id'], workspace: own },
  { table: 'gateway_workspaces', column: 'name', key: ['id'], workspace: sql.ref('id') },
  { table: 'gateway_tokens', column: 'label', key: ['id'], workspace: own },
  { table: 'legal_holds', column: 'name', key: ['id'], workspace: own },
  { table: 'legal_holds', column: 'reason', key: ['id'], workspace: own },
  { table: 'legal_holds', column: 'release_reason', key: ['id'], workspace: own },
  { table: 'machines', column: 'name', key: ['id'], workspace: own },
  { table: 'manifest_revisions', column: 'answer', key: ['manifest_id', 'revision'], workspace: ofManifest },
  { table: 'manifest_revisions', column: 'document', key: ['manifest_id', 'revision'], workspace: ofManifest },
  { table: 'network_allow', column: 'note', key: ['id'], workspace: sql`null` },
  { table: 'passkeys', column: 'name', key: ['id'], workspace: sql`null` },
  { table: 'server_revisions', column: 'config', key: ['server_id', 'revision'], workspace: ofServer },
  { table: 'server_revisions', column: 'note', key: ['server_id', 'revision'], workspace: ofServer },
  { table: 'stops', column: 'reason', key: ['id'], workspace: own },
  { table: 'teams', column: 'name', key: ['id'], workspace: own },
  { table: 'webhook_deliveries', column: 'data', key: ['id'], workspace: ofWebhook },
  { table: 'webhooks', column: 'note', key: ['id'], workspace: own },
];

export interface TextTrace {
  readonly column: TextColumn;
  readonly key: Readonly<Record<string, unknown>>;
  readonly workspaceId: string | null;
  readonly text: string;
}

export interface EventTrace {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly target: string;
  readonly detail: string;
  readonly committed: boolean;
}

/** Whether a text names an address, rather than a longer one it is part of. */
export const names = (text: string, email: string): boolean => pattern(email).test(text);

const pattern = (email: string): RegExp =>
  new RegExp(`(?<![\\w.!#$%&'*+/=?^\`{|}~-])${literal(email)}(?![\\w-]|\\.\\w)`, 'gi');

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const contains = (column: RawBuilder<unknown>, email: string): RawBuilder<boolean> =>
  sql<boolean>`lower(${column}) like ${`%${email.replace(/[\\%_]/g, '\\$&')}%`} escape '\\'`;

const inWorkspace = (column: RawBuilder<unknown>, workspaceId: string | undefined): RawBuilder<boolean> =>
  workspaceId === undefined ? sql<boolean>`1 = 1` : sql<boolean>`${column} = ${workspaceId}`;

/** Audit events that name an address. @param workspaceId undefined: everywhere */
export async function findEvents(
  db: Kysely<Schema>,
  email: string,
  workspaceId: string | undefined,
): Promise<EventTrace[]> {
  const rows = await db
    .selectFrom('audit_events')
    .select(['id', 'workspace_id', 'target', 'detail', 'commitment'])
    .where('detail', 'is not', null)
    .where(inWorkspace(own, workspaceId))
    .where((row) => row.or([contains(sql.ref('detail'), email), contains(sql.ref('target'), email)]))
    .execute();
  return rows
    .filter((row) => names(row.target ?? '', email) || names(row.detail ?? '', email))
    .map((row) => ({
      id: row.id,
      workspaceId: row.workspace_id,
      target: row.target ?? '',
      detail: row.detail ?? '{}',
      committed: row.commitment !== null,
    }));
}

/** Notes, reasons, labels and documents that name an address. @param workspaceId undefined: everywhere */
export async function findTexts(
  db: Kysely<Schema>,
  email: string,
  workspaceId: string | undefined,
): Promise<TextTrace[]> {
  const found: TextTrace[] = [];
  for (const column of texts) {
    const text = sql.ref(column.column);
    const { rows } = await sql<Record<string, unknown> & { found_text: string; found_in: string | null }>`
      select ${sql.join(column.key.map((part) => sql.ref(part)))}, ${text} as found_text, ${column.workspace} as found_in
      from ${sql.table(column.table)}
      where ${contains(text, email)} and ${inWorkspace(column.workspace, workspaceId)}`.execute(db);
    for (const { found_text, found_in, ...key } of rows)
      if (names(found_text, email)) found.push({ column, key, workspaceId: found_in, text: found_text });
  }
  return found;
}

/** Put what stands for the person in the place of their address. */
export async function replaceText(db: Kysely<Schema>, trace: TextTrace, email: string, by: string): Promise<void> {
  const { table, column } = trace.column;
  const key = Object.entries(trace.key).map(([part, value]) => sql`${sql.ref(part)} = ${value}`);
  const text = trace.text.replace(pattern(email), by);
  await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${text} where ${sql.join(key, sql` and `)}`.execute(db);
}
