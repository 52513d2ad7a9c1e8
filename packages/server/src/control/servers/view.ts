import { isIP } from 'node:net';
import type { Server, ServerHealth, ServerRevision } from '@mcpnest/contract/schemas/servers';
import type { Kysely, Selectable } from 'kysely';
import type { Actor } from '../../domain/roles.ts';
import type { ReplayGuardSettings } from '../../domain/snapshot.ts';
import { classifyAddress } from '../../platform/address-policy.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readConfig, readCredential, readLimits, readReplayGuard } from '../stored.ts';
import { readDirectory } from '../subjects.ts';
import { custodyOf } from './custody.ts';
import { selectHealth, selectOpened, selectRunningDrills, selectTeamSlugs } from './queries.ts';
import type { HealthRow, ServerRow } from './queries.ts';
import { pendingReviews } from './review.ts';
import { visibilityNames } from './visibility.ts';

/**
 * Servers as the API shows them: with health and warnings, and of a credential nothing but header names.
 * @param actor who looks; whom a server is shown to is for administrators
 * @param at stored time
 */
export async function viewServers(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  rows: readonly ServerRow[],
  at: string,
): Promise<Server[]> {
  const directory = administers(actor) ? await readDirectory(db, workspace) : undefined;
  const [health, opened] = [await serverHealth(db, rows, at), await selectOpened(db)];
  const teams = await selectTeamSlugs(db, workspace.id);
  return rows.map((row) => ({
    id: row.id,
    slug: row.slug,
    name: row.name,
    url: row.url,
    prefix: row.prefix,
    enabled: row.enabled === 1,
    position: row.position,
    revision: row.revision,
    limits: readLimits(row.limits),
    replayGuard: viewReplayGuard(readReplayGuard(row.replay_guard)),
    visibility: directory === undefined ? null : visibilityNames(row.visibility, directory),
    owner: teams.get(row.owner_team_id ?? '') ?? null,
    ...custodyOf(row),
    credential: credentialNames(readCredential(row.config_override)),
    pinning: row.pinning,
    health: health.get(row.id)!,
    warnings: addressWarnings(row.url, opened),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

/** One server as the API shows it. */
export const viewServer = async (
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  row: ServerRow,
  at: string,
): Promise<Server> => (await viewServers(db, workspace, actor, [row], at))[0]!;

/** What is known of a server's health besides what the gateway records. */
interface HealthNotes {
  /** Since when a failure drill runs. */
  readonly drillFrom: string | undefined;
  /** Tools that are held back. */
  readonly pendingReview: number | undefined;
}

/** What the gateway recorded about a server; `unknown` when it has not spoken to it yet. */
const viewHealth = (row: HealthRow | undefined, { drillFrom, pendingReview = 0 }: HealthNotes): ServerHealth => ({
  state: drillFrom === undefined ? (row?.state ?? 'unknown') : 'drill',
  since: drillFrom ?? row?.since ?? null,
  lastErrorClass: row?.last_error_class ?? null,
  latencyMs: row?.latency_ms ?? null,
  checkedAt: row?.checked_at ?? null,
  pendingReview,
});

/** Health of servers by their ids, with running drills and tools that are held back. @param at stored time */
export async function serverHealth(
  db: Kysely<Schema>,
  rows: readonly ServerRow[],
  at: string,
): Promise<Map<string, ServerHealth>> {
  const ids = rows.map((row) => row.id);
  const health = await selectHealth(db, ids);
  const drills = await selectRunningDrills(db, ids, at);
  const pending = await pendingReviews(db, rows);
  return new Map(
    ids.map((id) => [id, viewHealth(health.get(id), { drillFrom: drills.get(id), pendingReview: pending.get(id) })]),
  );
}

/** A revision as the API shows it: of its credential the header names only. */
export function viewRevision(row: Selectable<Schema['server_revisions']>): ServerRevision {
  const { credential, name, url, prefix, enabled, limits, replayGuard } = readConfig(row.config);
  return {
    revision: row.revision,
    author: row.author,
    note: row.note,
    createdAt: row.created_at,
    config: {
      name,
      url,
      prefix,
      enabled,
      limits,
      replayGuard: viewReplayGuard(replayGuard),
      credentialHeaders: credentialNames(credential)?.headers ?? [],
    },
  };
}

const viewReplayGuard = ({ tools, ...guard }: ReplayGuardSettings): Server['replayGuard'] => ({
  ...guard,
  tools: [...tools],
});

const credentialNames = (credential: { headers: readonly { name: string }[] } | null): { headers: string[] } | null =>
  credential === null ? null : { headers: credential.headers.map((header) => header.name) };

/**
 * What will keep the gateway from reaching a URL, as far as it can be told from the text. Names that resolve to
 * private addresses are found by the dialer, which looks at every address it connects to.
 */
export function addressWarnings(text: string, opened: ReadonlySet<string>): Server['warnings'] {
  const url = new URL(text);
  const target = `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`;
  if (opened.has(target)) return [];
  const remedy = `mcpnest network allow ${target}`;
  if (!isPublicName(url.hostname)) {
    return [
      { code: 'address_not_open', message: `${target} is a private address and not open to the gateway yet.`, remedy },
    ];
  }
  if (url.protocol === 'http:') {
    return [
      {
        code: 'address_not_open',
        message: `${target} would be reached without TLS; use https://, or open exactly this address.`,
        remedy,
      },
    ];
  }
  return [];
}

function isPublicName(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0) return classifyAddress(address) === 'public';
  return hostname.includes('.') && !/(?:^|\.)(?:localhost|local|internal|lan|home\.arpa)\.?$/.test(hostname);
}
