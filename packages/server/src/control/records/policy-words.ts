import type { CallExplanation } from '@mcpnest/contract/schemas/explanations';
import { classOf } from '../../domain/policy/tool-class.ts';
import type { RecordedCall, Replay } from '../../domain/policy/replay.ts';
import { defaultWorkspaceSettings, type Snapshot, type SnapshotStop, type Subject } from '../../domain/snapshot.ts';
import { isoTime } from '../../platform/clock.ts';
import { recordedInWords } from '../decision-words.ts';
import type { Directory } from '../subjects.ts';

type Decision = Omit<NonNullable<CallExplanation['decision']>, 'authorEmail'>;

/** A decision made again, for people, with whoever answers for it. */
export function decisionOf({ decision, at }: Replay, snapshot: Snapshot, directory: Directory): Decision {
  return {
    effect: decision.effect,
    rule: decision.rule,
    ...recordedInWords(decision, snapshot, directory),
    wouldDeny: decision.effect === 'allow' ? decision.wouldDeny : null,
    at: isoTime(at),
  };
}

/** What held at a moment, as far as it is about a call. */
export function inForceAt(
  snapshot: Snapshot,
  call: RecordedCall | undefined,
  replay: Replay | undefined,
  directory: Directory,
  at: number,
): NonNullable<CallExplanation['inForce']> {
  const { preset, enforcement } = snapshot.settings.access ?? defaultWorkspaceSettings.access;
  const server = snapshot.servers.find(({ slug }) => slug === call?.serverSlug);
  const tool = server === undefined || call === undefined || replay?.kind !== 'tool' ? undefined : call.name;
  const needed = replay?.decision.effect === 'allow' ? replay.decision.approval : undefined;
  const named = (subjects: readonly Subject[]): string[] => subjects.map((subject) => directory.name(subject));
  return {
    preset,
    enforcement,
    toolClass: tool === undefined ? null : classOf(server!, tool),
    visibility: (server?.visibility ?? null) === null ? null : named(server!.visibility!),
    approval:
      needed === undefined
        ? null
        : { target: needed.target, approvers: named(needed.approvers), expiresInMinutes: needed.expiresInMinutes },
    stops: (snapshot.stops ?? [])
      .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > at)
      .map((stop) => stopName(stop, snapshot, directory)),
    pin: tool === undefined ? 'off' : pinOf(server!.pins ?? null, tool, call!.definitionHash),
  };
}

function stopName({ kind, targetId, tool }: SnapshotStop, snapshot: Snapshot, directory: Directory): string {
  if (kind === 'member' || kind === 'machine') return directory.name({ kind, id: targetId });
  const slug = snapshot.servers.find(({ id }) => id === targetId)?.slug ?? targetId;
  if (kind === 'tool') return `tool:${slug}:${tool}`;
  return kind === 'server' ? `server:${slug}` : `token:${targetId}`;
}

function pinOf(
  pins: readonly (readonly [tool: string, hash: string])[] | null,
  tool: string,
  hash: string | null,
): 'off' | 'approved' | 'new' | 'changed' {
  if (pins === null) return 'off';
  const approved = pins.find(([name]) => name === tool)?.[1];
  if (approved === undefined) return 'new';
  return approved === hash ? 'approved' : 'changed';
}
