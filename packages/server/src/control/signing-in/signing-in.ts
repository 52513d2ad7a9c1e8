import type { Change } from '../change.ts';
import { endLinks } from './links.ts';
import { endSessions } from './sessions.ts';

export { createHashing } from './hashing.ts';
export { issueSetupLink, setUpFromConfig } from './setup.ts';

/** Take every way in from a person who is being erased. */
export async function endAccount(change: Change, userId: string): Promise<void> {
  const { tx } = change;
  await endSessions(change, userId, undefined);
  await endLinks(change, 'reset', userId);
  await tx.deleteFrom('passkey_challenges').where('user_id', '=', userId).execute();
  await tx.deleteFrom('passkeys').where('user_id', '=', userId).execute();
  await tx.deleteFrom('passwords').where('user_id', '=', userId).execute();
  // Where and with what they signed in is theirs; that they did is in the audit trail.
  const blanked = { address: 'erased', browser: 'erased' };
  await tx.updateTable('console_sessions').set(blanked).where('user_id', '=', userId).execute();
  await tx.updateTable('users').set({ instance_role: null }).where('id', '=', userId).execute();
}
