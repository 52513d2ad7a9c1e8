import type { CatalogueEntryView, HostedInstance, HostedUsage } from '@mcpnest/contract/schemas/hosted';
import type { Kysely } from 'kysely';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import type { ReachedAddress } from '../../domain/hosted/reached.ts';
import { recentCrashes, shownState, type Crash, type ShownState } from '../../domain/hosted/workload.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { emailsOf } from '../actor-emails.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { Hosting } from './hosting.ts';
import type { FoundInstance } from './queries.ts';

type Db = Kysely<Schema>;

/** How an instance fares: what the orchestrator saw, and what calls have shown. */
export interface Faring {
  readonly state: ShownState;
  readonly health: string;
  readonly since: string;
  readonly headline: string | null;
  readonly crashes: readonly Crash[];
}

/** @returns by id of the instance */
export async function faringOf(db: Db, found: readonly FoundInstance[]): Promise<Map<string, Faring>> {
  if (found.length === 0) return new Map();
  const rows = await db
    .selectFrom('hosted_workloads as workload')
    .innerJoin('hosted_instances as instance', 'instance.id', 'workload.instance_id')
    .leftJoin('upstream_health as health', 'health.server_id', 'instance.server_id')
    .select(['workload.instance_id', 'workload.state', 'workload.since', 'workload.headline', 'workload.crashes'])
    .select('health.state as health')
    .where(
      'instance.id',
      'in',
      found.map(({ row }) => row.id),
    )
    .execute();
  return new Map(
    rows.map(({ instance_id, state, since, headline, crashes, health }) => [
      instance_id,
      {
        state: shownState(state, health ?? undefined),
        health: state === 'running' ? (health ?? 'unknown') : 'unknown',
        since,
        headline,
        crashes: JSON.parse(crashes) as Crash[],
      },
    ]),
  );
}

/** Instances as the API shows them. @param now milliseconds since the epoch */
export async function viewInstances(
  db: Db,
  { catalogue }: Hosting,
  workspace: WorkspaceRef,
  found: readonly FoundInstance[],
  now: number,
): Promise<HostedInstance[]> {
  if (found.length === 0) return [];
  const ids = found.map(({ row }) => row.id);
  const faring = await faringOf(db, found);
  const secrets = await db
    .selectFrom('hosted_secrets')
    .select(['instance_id', 'key'])
    .where('instance_id', 'in', ids)
    .orderBy('key')
    .execute();
  const keys = Map.groupBy(secrets, (row) => row.instance_id);
  const members = await db
    .selectFrom('hosted_instances as instance')
    .innerJoin('members', 'members.id', 'instance.member_id')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['instance.id', 'users.email'])
    .where('instance.id', 'in', ids)
    .execute();
  const emails = new Map(members.map(({ id, email }) => [id, email]));
  const authors = await emailsOf(
    db,
    found.map(({ row }) => row.created_by),
  );
  return found.map(({ row, slug }) => {
    const { state, health, since, headline, crashes } = faring.get(row.id)!;
    return {
      instance_id: row.id,
      workspace: workspace.slug,
      slug: row.entry_slug,
      entry_version: row.entry_version,
      name: catalogue.find((entry) => entry.slug === row.entry_slug)?.name ?? row.entry_slug,
      server: slug,
      profile: row.profile,
      ...{ state, health, since, headline },
      // Those that made it fail stay the reason, however long ago.
      crashes: state === 'failed' ? crashes.length : recentCrashes(crashes, now).length,
      restarts: row.restarts,
      ...{ image: row.image, digest: row.digest },
      member: emails.get(row.id) ?? null,
      reaches: (JSON.parse(row.reaches) as ReachedAddress[]).map(({ host, port }) => `${host}:${port}`),
      env_keys: keys.get(row.id)?.map(({ key }) => key) ?? [],
      created_at: row.created_at,
      created_by: authors.get(row.created_by) ?? row.created_by,
    };
  });
}

/** What an instance used, by day, with the calls its server took. */
export async function viewUsage(db: Db, workspace: WorkspaceRef, { row, slug }: FoundInstance): Promise<HostedUsage> {
  const used = await db
    .selectFrom('hosted_usage')
    .selectAll()
    .where('instance_id', '=', row.id)
    .orderBy('day', 'desc')
    .limit(400)
    .execute();
  const counts = await db
    .selectFrom('call_counts')
    .select(['hour', 'calls'])
    .where('workspace_id', '=', workspace.id)
    .where('server_slug', '=', slug)
    // A server of the same name may have been there before.
    .where('hour', '>=', row.created_at.slice(0, 13))
    .execute();
  const calls = new Map<string, number>();
  for (const { hour, calls: number } of counts) {
    const day = hour.slice(0, 10);
    calls.set(day, (calls.get(day) ?? 0) + number);
  }
  const byDay = new Map(used.map((one) => [one.day, one]));
  const days = [...new Set([...byDay.keys(), ...calls.keys()])].sort().reverse();
  return {
    instance_id: row.id,
    items: days.map((day) => ({
      day,
      running_seconds: byDay.get(day)?.running_seconds ?? 0,
      cpu_seconds: (byDay.get(day)?.cpu_ms ?? 0) / 1_000,
      memory_peak_bytes: byDay.get(day)?.memory_peak_bytes ?? 0,
      memory_megabyte_seconds: byDay.get(day)?.memory_megabyte_seconds ?? 0,
      calls: calls.get(day) ?? 0,
    })),
  };
}

/** What is in the way of deploying an entry, for programs and for people. */
export interface Obstacle {
  readonly kind: NonNullable<CatalogueEntryView['obstacle']>;
  readonly text: string;
}

/** An entry as the API shows it. @param obstacle what is in the way of deploying it; null: nothing */
export const viewEntry = (entry: CatalogueEntry, obstacle: Obstacle | null): CatalogueEntryView => ({
  slug: entry.slug,
  version: entry.version,
  name: entry.name,
  description: entry.description,
  publisher: entry.publisher,
  licence: entry.licence,
  homepage: entry.homepage,
  state: entry.state,
  replaced_by: [...entry.replacedBy],
  package: `${entry.package.name}@${entry.package.version}`,
  image: entry.image,
  profile: entry.profile,
  personal: entry.personal,
  egress: [...entry.egress],
  reaches: entry.reaches.map(({ variable }) => variable),
  required_env_vars: entry.variables.map(({ key, label, type, help, required }) => ({
    key,
    label,
    type,
    help,
    required,
  })),
  deployable: obstacle === null,
  obstacle: obstacle?.kind ?? null,
  why_not: obstacle?.text ?? null,
});
