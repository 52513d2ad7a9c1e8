import { handover } from '@mcpnest/contract/operations/handover';
import type { Kysely } from 'kysely';
import type { Actor } from '../../domain/roles.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Verification } from '../../platform/journal/verify.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { evidencePack } from './evidence.ts';
import { exportRecords } from './handover.ts';

export interface HandoverRoutesDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly verifyJournal: (() => Promise<Verification>) | undefined;
}

/** The routes of `operations/handover.ts`. */
export function handoverRoutes({ db, clock, verifyJournal }: HandoverRoutesDeps): Route[] {
  return [
    route(handover.export, ({ change, workspace, input }) =>
      exportRecords({ db, clock, change }, workspace, input.query),
    ),
    route(handover.exportAll, ({ change, input }) => exportRecords({ db, clock, change }, null, input.query)),
    route(handover.evidence, ({ actor, change, workspace, input }) =>
      evidencePack({ db, clock, change, verifyJournal, ofInstance: mayReadInstance(actor) }, workspace, input.query),
    ),
  ];
}

/** Whose reading is not bound to one workspace, and who owns what is of none. */
const mayReadInstance = (actor: Actor): boolean =>
  actor.kind === 'local' || (actor.kind === 'user' && actor.workspace === null && actor.role === 'owner');
