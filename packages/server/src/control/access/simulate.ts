import { setImmediate as turn } from 'node:timers/promises';
import type { z } from 'zod';
import type { Simulation, SimulatedCalls, policySimulate } from '@mcpnest/contract/schemas/access';
import type { Kysely } from 'kysely';
import { decide } from '../../domain/policy.ts';
import { defaultWorkspaceSettings, type Snapshot, type SnapshotRule } from '../../domain/snapshot.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { readDirectory } from '../subjects.ts';
import { mergeAccess } from '../workspaces/workspaces.ts';
import { readPastCalls } from './past-calls.ts';
import { principalsByToken, subjectOfPrincipal } from './principals.ts';

const dayMs = 86_400_000;
/** Lines of each of the two lists. */
const mostLines = 1_000;

/**
 * Judge recorded calls by the policy as it is and as it would be, and list where the two differ. Changes nothing.
 * @param rules to try; undefined: the present ones
 * @param now milliseconds since the epoch
 * @throws AppError `invalid_input` for settings that contradict each other
 */
export async function simulate(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  tried: Pick<z.output<typeof policySimulate>, 'preset' | 'enforcement' | 'days'>,
  rules: readonly SnapshotRule[] | undefined,
  now: number,
): Promise<Simulation> {
  const present = await readSnapshot(db, workspace.id);
  const access = mergeAccess(present.settings.access ?? defaultWorkspaceSettings.access, tried, 'body');
  const draft: Snapshot = {
    ...present,
    settings: { ...present.settings, access },
    rules: rules ?? present.rules ?? [],
  };
  const from = isoTime(now - tried.days * dayMs);
  const past = await readPastCalls(db, workspace.id, from);
  const principals = await principalsByToken(db, workspace);
  const directory = await readDirectory(db, workspace);
  const lists = { newlyDenied: new Map<string, SimulatedCalls>(), newlyAllowed: new Map<string, SimulatedCalls>() };
  let skipped = 0;
  for (const [index, { tokenId, method, call, calls, lastAt }] of past.groups.entries()) {
    if (index % 1_000 === 999) await turn();
    const principal = principals.get(tokenId);
    const gone = principal === undefined || !present.servers.some(({ slug }) => slug === call.serverSlug);
    if (gone) {
      skipped += calls;
      continue;
    }
    const before = decide(present, principal, call, now);
    const after = decide(draft, principal, call, now);
    if (before.effect === after.effect) continue;
    const subject = subjectOfPrincipal(principal);
    const line = {
      who: subject === undefined ? ('workspace token' as const) : directory.name(subject),
      ...{ server: call.serverSlug, method, tool: call.name, calls, lastAt, before: before.rule, after: after.rule },
    };
    add(after.effect === 'deny' ? lists.newlyDenied : lists.newlyAllowed, line);
  }
  const cut = (found: ReadonlyMap<string, SimulatedCalls>): SimulatedCalls[] =>
    [...found.values()].sort((a, b) => b.calls - a.calls).slice(0, mostLines);
  const whole = Math.max(lists.newlyDenied.size, lists.newlyAllowed.size) <= mostLines;
  return {
    from,
    to: isoTime(now),
    calls: past.calls,
    skipped,
    complete: past.complete && whole,
    newlyDenied: cut(lists.newlyDenied),
    newlyAllowed: cut(lists.newlyAllowed),
  };
}

/** Several tokens of one person are one line. */
function add(list: Map<string, SimulatedCalls>, line: SimulatedCalls): void {
  const key = JSON.stringify([line.who, line.server, line.method, line.tool, line.before, line.after]);
  const known = list.get(key);
  const lastAt = known !== undefined && known.lastAt > line.lastAt ? known.lastAt : line.lastAt;
  list.set(key, { ...line, calls: line.calls + (known?.calls ?? 0), lastAt });
}
