import { sql } from 'kysely';
import { conflict } from '../domain/errors.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Clock } from '../platform/clock.ts';
import type { OpenDatabase } from '../platform/database/database.ts';
import { issueKey } from './api-keys/api-keys.ts';
import { runChange } from './change.ts';
import { findOrCreateUser } from './membership.ts';
import { slugFrom } from './slug.ts';
import { issueToken } from './tokens/tokens.ts';
import { createWorkspace, insertMember } from './workspaces/workspaces.ts';

export interface BootstrapInput {
  readonly email: string;
  /** Name of the first workspace; its slug follows from it. */
  readonly workspace: string;
}

export interface Bootstrapped {
  /** Slug of the first workspace. */
  readonly workspace: string;
  readonly ownerEmail: string;
  /** Control key (mnk_…) of the owner, for the whole instance. */
  readonly apiKey: string;
  /** Gateway token (mng_…) of the workspace. */
  readonly workspaceToken: string;
}

/**
 * Give an empty instance its first owner, workspace and secrets, in one transaction. The secrets are returned this
 * once.
 * @throws AppError `conflict` when the instance is not empty: whoever can run this must not gain a second owner by it
 */
export function bootstrap(
  deps: { readonly database: OpenDatabase; readonly bus: Bus; readonly clock: Clock },
  input: BootstrapInput,
): Promise<Bootstrapped> {
  const { db, dialect } = deps.database;
  return runChange(
    { db, bus: deps.bus, clock: deps.clock },
    { actor: { kind: 'local' }, action: 'instance.bootstrap' },
    async (change) => {
      // On SQLite writers are one at a time already.
      if (dialect === 'postgres') await sql`lock table users in share row exclusive mode`.execute(change.tx);
      const user = await change.tx.selectFrom('users').select('id').executeTakeFirst();
      const existing = await change.tx.selectFrom('gateway_workspaces').select('slug').executeTakeFirst();
      if (user !== undefined || existing !== undefined) {
        throw conflict(
          'This instance has been set up already. Issue new secrets instead: mcpnest key issue --email <owner> --role owner, mcpnest token issue --workspace <slug>.',
        );
      }
      const userId = await findOrCreateUser(change, input.email, undefined);
      await change.tx.updateTable('users').set({ instance_role: 'owner' }).where('id', '=', userId).execute();
      const row = await createWorkspace(change, { name: input.workspace, slug: slugFrom(input.workspace) });
      await insertMember(change, row.id, userId, 'owner');
      const key = await issueKey(change, null, { email: input.email, role: 'owner', label: 'First owner' });
      const token = await issueToken(change, row, { kind: 'workspace', label: 'First token' });
      return { workspace: row.slug, ownerEmail: input.email, apiKey: key.secret, workspaceToken: token.secret };
    },
  );
}
