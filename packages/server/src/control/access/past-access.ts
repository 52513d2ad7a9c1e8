import type { z } from 'zod';
import type { accessAsOfQuery } from '@mcpnest/contract/schemas/access-history';
import type { Kysely } from 'kysely';
import { AppError } from '../../domain/errors.ts';
import { decide, principalOfToken, type Decision, type Principal } from '../../domain/policy.ts';
import type { Snapshot, SnapshotToken } from '../../domain/snapshot.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { readPolicyAt, type KeptPolicy } from '../../platform/policy-history.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory, type Directory } from '../subjects.ts';
import type { Place } from './paging.ts';
import { toolsAt, type PastTool } from './past-tools.ts';

export type Filter = Pick<z.output<typeof accessAsOfQuery>, 'member' | 'machine' | 'team' | 'server'>;

/** Callers to whom the same was decided: everybody's tokens that were narrowed to nothing are one. */
export interface PastCaller {
  /** Stays the same from version to version. */
  readonly key: string;
  readonly principal: Principal;
  readonly subject: string;
  /** Label of the one token it is about. */
  readonly token: string | null;
}

/** Everything that could be asked about a moment. */
export interface PastAccess {
  readonly policy: KeptPolicy;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly directory: Directory;
  /** By key. */
  readonly callers: readonly PastCaller[];
  readonly servers: readonly { readonly id: string; readonly slug: string; readonly tools: readonly PastTool[] }[];
}

/** One thing asked about somebody. */
export interface Pair {
  readonly caller: PastCaller;
  readonly server: PastAccess['servers'][number];
  /** Undefined: the server as a whole, of which no tool is known. */
  readonly tool: PastTool | undefined;
}

/**
 * Read the policy and the tools of a moment; of one to come, as they are now.
 * @throws AppError `not_found` when nothing so old is kept
 */
export async function readPast(
  { db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock },
  workspace: WorkspaceRef,
  moment: string,
  filter: Filter,
): Promise<PastAccess> {
  const at = Math.min(Date.parse(moment), clock.now());
  const stored = isoTime(at);
  const policy = await readPolicyAt(db, workspace.id, stored);
  if (policy === undefined)
    throw new AppError('not_found', `No policy of ${stored} is kept. Ask about a later moment.`);
  if (!policy.intact)
    throw new AppError(
      'not_found',
      `The policy of ${stored} has been changed since it was stored, and proves nothing.`,
    );
  const { snapshot } = policy;
  const directory = await readDirectory(db, workspace);
  const tools = await toolsAt(db, snapshot, stored);
  return {
    policy,
    at,
    directory,
    callers: callersOf(snapshot, at, directory).filter(asked(filter, directory)),
    servers: snapshot.servers
      .filter(({ slug }) => slug === (filter.server ?? slug))
      .map(({ id, slug }) => ({ id, slug, tools: tools.get(id) ?? [] })),
  };
}

function callersOf(snapshot: Snapshot, at: number, directory: Directory): PastCaller[] {
  const stopped = new Set(
    (snapshot.stops ?? []).filter(({ kind }) => kind === 'token').map(({ targetId }) => targetId),
  );
  const callers = new Map<string, PastCaller>();
  for (const token of snapshot.tokens) {
    if (token.expiresAt !== null && Date.parse(token.expiresAt) <= at) continue;
    const alone = token.scope !== null || stopped.has(token.id);
    const subject = subjectOf(token);
    const key = alone ? `${subject} token:${token.id}` : subject;
    if (callers.has(key)) continue;
    callers.set(key, {
      key,
      principal: principalOfToken(snapshot.workspace.id, token),
      subject: nameOf(token, directory),
      token: alone ? token.label : null,
    });
  }
  return [...callers.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

type Holder = Pick<SnapshotToken, 'memberId' | 'machineId'>;

const subjectOf = ({ memberId, machineId }: Holder): string =>
  memberId !== null ? `member:${memberId}` : machineId !== null ? `machine:${machineId}` : 'workspace';

function nameOf({ memberId, machineId }: Holder, directory: Directory): string {
  if (memberId !== null) return directory.name({ kind: 'member', id: memberId });
  return machineId === null ? 'workspace token' : directory.name({ kind: 'machine', id: machineId });
}

/** Compared by name and by id, since who is asked about may be gone. */
function asked({ member, machine, team }: Filter, directory: Directory): (caller: PastCaller) => boolean {
  const is = (kind: 'member' | 'machine' | 'team', id: string | null, text: string | undefined): boolean =>
    text === undefined ||
    (id !== null && (id === text || directory.name({ kind, id }).toLowerCase() === `${kind}:${text.toLowerCase()}`));
  return ({ principal }) =>
    is('member', principal.memberId, member) &&
    is('machine', principal.machineId, machine) &&
    (team === undefined || principal.teams.some((id) => is('team', id, team)));
}

/** What the policy of then says about one thing and somebody. */
export function judge({ policy, at }: PastAccess, { caller, server, tool }: Pair): Decision {
  const what = { kind: tool === undefined ? ('method' as const) : ('tool' as const), name: tool?.name ?? '' };
  return decide(policy.snapshot, caller.principal, { serverSlug: server.slug, ...what, definition: tool?.hash }, at);
}

/** Everything of a moment, by caller, server and tool. */
export function* pairsOf({ callers, servers }: PastAccess): Generator<Pair> {
  const ordered = [...servers].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const caller of callers) {
    for (const server of ordered) {
      if (server.tools.length === 0) yield { caller, server, tool: undefined };
      for (const tool of server.tools) yield { caller, server, tool };
    }
  }
}

/** Where a pair stands among all pairs, whatever the moment. */
export const placeOf = ({ caller, server, tool }: Pair): Place => [caller.key, server.id, tool?.name ?? ''];
