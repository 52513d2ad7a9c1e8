import type { Kysely } from 'kysely';
import { planLimits, readHosting, type HostingSettings } from '../../domain/hosted/hosting.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { Obstacle } from './view.ts';

/** What a workspace may host, and what it does. */
export interface HostingUsage {
  readonly settings: HostingSettings;
  /** Instances the plan has. */
  readonly limit: number;
  readonly instances: number;
  /** How many of them belong to a member, by the member's id. */
  readonly personal: ReadonlyMap<string, number>;
}

/** Changes of a workspace have their turn: in a transaction of one, no two deployments can both be the last that fits. */
export async function usageOf(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<HostingUsage> {
  const row = await db
    .selectFrom('gateway_workspaces')
    .select('settings')
    .where('id', '=', workspace.id)
    .executeTakeFirstOrThrow();
  const counts = await db
    .selectFrom('hosted_instances')
    .select(['member_id', (one) => one.fn.countAll<number>().as('count')])
    .where('workspace_id', '=', workspace.id)
    .groupBy('member_id')
    .execute();
  const settings = readHosting(row.settings);
  return {
    settings,
    limit: planLimits[settings.plan],
    instances: counts.reduce((sum, { count }) => sum + count, 0),
    personal: new Map(counts.flatMap(({ member_id: id, count }) => (id === null ? [] : [[id, count]]))),
  };
}

/** Why nothing more can be deployed. @param memberId whose it would be; null: the workspace's */
export function usedUp(
  { settings, limit, instances, personal }: HostingUsage,
  memberId: string | null,
): Obstacle | null {
  if (!settings.orchestratorEnabled)
    return {
      kind: 'hosting_off',
      text: 'Hosting is switched off in this workspace. An owner switches it on: mcpnest workspace update --hosting on',
    };
  if (instances >= limit)
    return {
      kind: 'plan_used_up',
      text: `The plan ${settings.plan} has ${limit} instances, and they are all in use. End one first.`,
    };
  const most = settings.personalPerMember;
  if (memberId === null || (personal.get(memberId) ?? 0) < most) return null;
  return {
    kind: 'personal_used_up',
    text:
      (most === 0
        ? 'Members may have no instances of their own here.'
        : `Personal instances of one member here: ${most}, and yours are all in use. End one first.`) +
      ` An owner allows more: mcpnest workspace update --personal-per-member ${most + 1}`,
  };
}
