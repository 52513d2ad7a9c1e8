import type { ByteStream } from '@mcpnest/contract/operation';
import type { TailedChange } from '@mcpnest/contract/schemas/tail';
import type { Kysely } from 'kysely';
import { AppError, forbidden } from '../../../domain/errors.ts';
import type { Actor } from '../../../domain/roles.ts';
import { isoTime, type Clock } from '../../../platform/clock.ts';
import type { Schema } from '../../../platform/database/schema.ts';
import type { EventRecord } from '../../../platform/handover/record.ts';
import type { Log } from '../../../platform/log.ts';
import { emailsOf } from '../../actor-emails.ts';
import { confirmActor } from '../../authenticate.ts';
import { onlyCallsOf } from '../../membership.ts';
import type { WorkspaceRef } from '../../operation.ts';
import { createSeats } from '../../seats.ts';
import { toToolCall } from '../records.ts';
import { LiveStream } from './live-stream.ts';
import { matches, membersOf, type TailQuery } from './match.ts';
import { Newswire, type News } from './newswire.ts';

/** How soon a key that ended or a role that was lost ends its streams. */
const confirmMs = 3_000;

interface Deps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a stream of what is recorded in a workspace; for a member, of their own calls.
 * @throws AppError `forbidden` where a member asks for changes, `rate_limited` with too many open
 */
export function createTail(
  deps: Deps,
): (workspace: WorkspaceRef, actor: Actor, query: TailQuery) => Promise<ByteStream> {
  const wire = new Newswire(deps);
  const takeSeat = createSeats();
  return async (workspace, actor, query) => {
    const own = await onlyCallsOf(deps.db, workspace, actor);
    if (own !== undefined && query.show !== 'calls')
      throw forbidden('A member is told of calls of their own; changes are for administrators and owners.');
    let team = await membersOf(deps.db, workspace.id, query.team);
    const leave = takeSeat(actor);
    let unlisten: (() => void) | undefined;
    const stream = new LiveStream(
      () => {
        unlisten = wire.listen(workspace.id, {
          ready: () => stream.event('ready', {}),
          tell: (news) => void tell(deps, stream, query, team, own === undefined ? news : onlyOf(own, news)),
        });
      },
      () => {
        clearInterval(confirming);
        unlisten?.();
        leave();
      },
    );
    const confirming = setInterval(() => {
      // Nobody came for it: what stands in between failed.
      if (unlisten === undefined) void stream.body.cancel().catch(() => undefined);
      void confirm(deps, actor)
        .then(async (reason) => {
          if (reason !== undefined) return stream.end(reason);
          team = await membersOf(deps.db, workspace.id, query.team);
        })
        .catch((error: unknown) => deps.log.warn({ err: error }, 'control: who watches could not be looked at again'));
    }, confirmMs).unref();
    return { contentType: 'text/event-stream', headers: { 'x-accel-buffering': 'no' }, body: stream.body };
  };
}

/** Of others not even that there was more of them than is told. */
const onlyOf = (memberId: string, { calls, changes, skippedOf }: News): News => ({
  calls: calls.filter((row) => row.member_id === memberId),
  changes,
  skipped: skippedOf.has(memberId),
  skippedOf,
});

/** @returns why the actor may see no more */
async function confirm({ db, clock }: Deps, actor: Actor): Promise<string | undefined> {
  try {
    await confirmActor(db, actor, isoTime(clock.now()));
    return undefined;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'unauthenticated' || error.code === 'forbidden'))
      return error.message;
    throw error;
  }
}

async function tell(
  { db, log }: Deps,
  stream: LiveStream,
  query: TailQuery,
  team: ReadonlySet<string> | undefined,
  { calls, changes, skipped }: News,
): Promise<void> {
  if (skipped) stream.event('skipped', { count: null });
  if (query.show !== 'changes')
    for (const row of calls) if (matches(query, team, row)) stream.event('call', toToolCall(row));
  if (query.show === 'calls' || changes.length === 0) return;
  try {
    for (const change of await named(db, changes)) stream.event('change', change);
  } catch (error) {
    log.warn({ err: error }, 'control: changes could not be told to those who watch');
  }
}

async function named(db: Kysely<Schema>, changes: readonly EventRecord[]): Promise<TailedChange[]> {
  const emails = await emailsOf(
    db,
    changes.map(({ actor }) => actor),
  );
  return changes.map(({ id, createdAt, actor, action, target, detail }) => ({
    ...{ id, createdAt, actor, action, target, detail },
    actorEmail: emails.get(actor) ?? null,
  }));
}
