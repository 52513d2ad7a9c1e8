import type { ToolClass } from '@mcpnest/contract/rule-form';
import { wakes, type WorkloadState } from '../../domain/hosted/workload.ts';
import type { Snapshot, SnapshotHosted, SnapshotRule, SnapshotStop, SnapshotToken } from '../../domain/snapshot.ts';
import { readCredential, readLimits, readReplayGuard, readSettings, readSubjects, readVisibility } from '../stored.ts';

/** The rows a snapshot is made of, all read in one transaction. */
export interface SnapshotRows {
  readonly workspace: { readonly id: string; readonly slug: string; readonly name: string; readonly settings: string };
  /** Not removed, by position. */
  readonly servers: readonly ServerRow[];
  /** Not revoked, of no removed member, and of no machine that is disabled or has no owner. */
  readonly tokens: readonly TokenRow[];
  /** Who is in which team, in order of team. */
  readonly teamMembers: readonly { readonly team_id: string; readonly member_id: string }[];
  /** By id. */
  readonly rules: readonly RuleRow[];
  /** By tool. */
  readonly toolClasses: readonly { readonly server_id: string; readonly tool: string; readonly class: ToolClass }[];
  /** By target. */
  readonly approvalSettings: readonly ApprovalSettingRow[];
  /** Approved definitions, by tool. */
  readonly toolPins: readonly { readonly server_id: string; readonly tool: string; readonly hash: string }[];
  readonly networkAllow: readonly { readonly host: string; readonly port: number }[];
  /** By id. */
  readonly stops: readonly StopRow[];
  /** By quarter. */
  readonly argsSalts: readonly { readonly quarter: string; readonly salt: string }[];
  /** Machines that are there and have an owner, by id. */
  readonly machines: readonly { readonly id: string; readonly owner_id: string }[];
  /** Those that run. */
  readonly drills: readonly { readonly id: string; readonly server_id: string; readonly ends_at: string }[];
  readonly hosted: readonly HostedRow[];
}

/** An instance with how it was last seen. */
interface HostedRow {
  readonly id: string;
  readonly server_id: string;
  readonly member_id: string | null;
  readonly state: WorkloadState;
  readonly host: string | null;
  readonly port: number | null;
  readonly retry_at: string | null;
}

interface StopRow {
  readonly id: string;
  readonly kind: SnapshotStop['kind'];
  readonly target_id: string;
  readonly tool: string;
  readonly expires_at: string | null;
  readonly created_by: string;
  /** 1: of the machines the member owns, too. */
  readonly machines: number;
}

interface ApprovalSettingRow {
  readonly server_id: string;
  readonly target: string;
  readonly approvers: string;
  readonly expires_minutes: number;
}

interface ServerRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly url: string;
  readonly prefix: string | null;
  readonly enabled: number;
  readonly revision: number;
  readonly config_override: string;
  readonly limits: string;
  readonly visibility: string | null;
  readonly replay_guard: string;
  readonly pinning: 'on' | 'off';
}

/** A row of `access_rules`, as far as it decides. */
export interface RuleRow {
  readonly id: string;
  readonly effect: SnapshotRule['effect'];
  readonly subject_kind: SnapshotRule['subject']['kind'];
  readonly subject_id: string;
  readonly object: string;
  readonly absolute: number;
  readonly expires_at: string | null;
  readonly created_by: string;
}

interface TokenRow {
  readonly id: string;
  readonly hash: string;
  readonly kind: SnapshotToken['kind'];
  readonly member_id: string | null;
  readonly machine_id: string | null;
  readonly label: string;
  readonly scope: string | null;
  readonly expires_at: string | null;
}

/** Rows → snapshot. Pure: the same rows give the same snapshot, byte for byte. */
export function compileSnapshot(rows: SnapshotRows, version: number): Snapshot {
  const { id, slug, name } = rows.workspace;
  const { access, auditMode, retentionDays, limits, toolList } = readSettings(rows.workspace.settings);
  const teams = Map.groupBy(rows.teamMembers, (row) => row.member_id);
  const pins = Map.groupBy(rows.toolPins, (row) => row.server_id);
  const classes = Map.groupBy(rows.toolClasses, (row) => row.server_id);
  const drills = new Map(rows.drills.map((row) => [row.server_id, { id: row.id, endsAt: row.ends_at }]));
  const hosted = new Map(rows.hosted.map((row) => [row.server_id, snapshotHosted(row)]));
  const machines = Map.groupBy(rows.machines, (row) => row.owner_id);
  const approvals = Map.groupBy(rows.approvalSettings, (row) => row.server_id);
  return {
    format: 1,
    version,
    workspace: { id, slug, name },
    settings: { access, auditMode, retentionDays, limits, toolList },
    servers: rows.servers
      .filter((server) => server.enabled === 1)
      .map((server) => ({
        id: server.id,
        slug: server.slug,
        name: server.name,
        url: server.url,
        prefix: server.prefix,
        revision: server.revision,
        credential: readCredential(server.config_override),
        limits: readLimits(server.limits),
        visibility: readVisibility(server.visibility),
        replayGuard: readReplayGuard(server.replay_guard),
        drill: drills.get(server.id) ?? null,
        ...(hosted.has(server.id) ? { hosted: hosted.get(server.id)! } : {}),
        approvals:
          approvals.get(server.id)?.map((row) => ({
            target: row.target,
            approvers: readSubjects(row.approvers),
            expiresInMinutes: row.expires_minutes,
          })) ?? [],
        toolClasses: classes.get(server.id)?.map((row) => [row.tool, row.class] as const) ?? [],
        pins: server.pinning === 'on' ? (pins.get(server.id)?.map((row) => [row.tool, row.hash] as const) ?? []) : null,
      })),
    disabledServerIds: rows.servers.filter((server) => server.enabled !== 1).map((server) => server.id),
    tokens: rows.tokens.map((token) => ({
      id: token.id,
      hash: token.hash,
      kind: token.kind,
      memberId: token.member_id,
      machineId: token.machine_id,
      teams: teams.get(token.member_id ?? '')?.map((row) => row.team_id) ?? [],
      label: token.label,
      scope: token.scope === null ? null : (JSON.parse(token.scope) as string[]),
      expiresAt: token.expires_at,
    })),
    networkAllow: rows.networkAllow.map(({ host, port }) => ({ host, port })),
    rules: rows.rules.map(snapshotRule),
    argsSalts: rows.argsSalts.map(({ quarter, salt }) => ({ quarter, salt })),
    stops: rows.stops.map((stop) => ({
      id: stop.id,
      kind: stop.kind,
      targetId: stop.target_id,
      tool: stop.tool,
      expiresAt: stop.expires_at,
      createdBy: stop.created_by,
      ...(stop.machines === 1 ? { machines: machines.get(stop.target_id)?.map((row) => row.id) ?? [] } : {}),
    })),
  };
}

/** A row of `access_rules` as decisions have it. */
export const snapshotRule = (row: RuleRow): SnapshotRule => ({
  id: row.id,
  effect: row.effect,
  subject: row.subject_kind === 'everybody' ? { kind: 'everybody' } : { kind: row.subject_kind, id: row.subject_id },
  object: row.object,
  absolute: row.absolute === 1,
  expiresAt: row.expires_at,
  createdBy: row.created_by,
});

const snapshotHosted = ({ id, member_id, state, host, port, retry_at }: HostedRow): SnapshotHosted => ({
  instanceId: id,
  memberId: member_id,
  wakes: wakes(state, retry_at),
  endpoint: state !== 'running' || host === null || port === null ? null : { host, port },
});
