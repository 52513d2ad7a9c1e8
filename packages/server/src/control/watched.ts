import type { ErrorCode } from '@mcpnest/contract/error-codes';
import type { Operation } from '@mcpnest/contract/operation';
import type { Kysely } from 'kysely';
import { AppError } from '../domain/errors.ts';
import { actorName, type Actor } from '../domain/roles.ts';
import type { Clock } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';
import { countEvent } from '../platform/event-counts.ts';

/** What changes nothing and is on record all the same; of one minute, actor and operation it is one event with a count. */
export interface Watched {
  /** Records were read. Resolves once that is on record; until then nobody is shown them. */
  read(actor: Actor, operation: Operation, workspaceId: string | null): Promise<void>;
  /** Somebody was refused. Never rejects: what they are told is the refusal. */
  refused(actor: Actor, operation: Operation, error: unknown): Promise<void>;
  /** Somebody did not get in. Never rejects. */
  failedLogin(remoteAddress: string): Promise<void>;
}

/** What is on record of those who were refused. */
const refusals: readonly ErrorCode[] = ['forbidden', 'reauthentication_required'];

/** Addresses of one minute that are told apart. */
const mostAddresses = 200;

export function createWatched({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Watched {
  let minute = 0;
  let addresses = new Set<string>();

  function named(remoteAddress: string): string {
    const now = Math.floor(clock.now() / 60_000);
    if (now !== minute) addresses = new Set();
    minute = now;
    if (addresses.size < mostAddresses) addresses.add(remoteAddress);
    return addresses.has(remoteAddress) ? remoteAddress : 'others';
  }

  return {
    read: (actor, { id: action }, workspaceId) =>
      countEvent(db, { workspaceId, actor: actorName(actor), action, target: 'records' }, clock.now()),
    async refused(actor, { id: action }, error) {
      if (!(error instanceof AppError) || !refusals.includes(error.code)) return;
      // Of the workspace the key belongs to: which one was asked for is no matter of whoever may not know of it.
      const bound = 'workspace' in actor && actor.workspace !== 'none' ? actor.workspace : null;
      const workspaceId = bound?.id ?? null;
      await countEvent(db, { workspaceId, actor: actorName(actor), action, target: 'refused' }, clock.now()).catch(
        () => undefined,
      );
    },
    async failedLogin(remoteAddress) {
      const target = `address:${named(remoteAddress)}`;
      await countEvent(db, { workspaceId: null, actor: 'anonymous', action: 'login', target }, clock.now()).catch(
        () => undefined,
      );
    },
  };
}
