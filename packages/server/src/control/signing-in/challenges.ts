import type { Kysely } from 'kysely';
import { unauthenticated } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';

const minutes = 5;
/** Anybody may ask for one to sign in with; of more than these the oldest go. */
const mostOpen = 1_000;

/** Keep what a passkey is to sign. @param userId whose passkey it adds; null to sign in */
export async function keepChallenge(
  db: Kysely<Schema>,
  now: number,
  challenge: string,
  userId: string | null,
): Promise<void> {
  await db.deleteFrom('passkey_challenges').where('expires_at', '<=', isoTime(now)).execute();
  const [last] = await db
    .selectFrom('passkey_challenges')
    .select('id')
    .where('user_id', userId === null ? 'is' : '=', userId)
    .orderBy('id', 'desc')
    .offset(userId === null ? mostOpen - 1 : 0)
    .limit(1)
    .execute();
  if (last !== undefined) {
    await db
      .deleteFrom('passkey_challenges')
      .where('user_id', userId === null ? 'is' : '=', userId)
      .where('id', '<=', last.id)
      .execute();
  }
  const row = { id: newId(now), user_id: userId, challenge, expires_at: isoTime(now + minutes * 60_000) };
  await db.insertInto('passkey_challenges').values(row).execute();
}

/**
 * Use up the challenge an answer names, whether the answer turns out right or not.
 * @throws AppError `unauthenticated` for one that was used, has expired, or was never given
 */
export async function takeChallenge(
  db: Kysely<Schema>,
  now: number,
  clientDataJSON: string,
  userId: string | null,
): Promise<string> {
  const challenge = challengeIn(clientDataJSON);
  const row =
    challenge === undefined
      ? undefined
      : await db
          .deleteFrom('passkey_challenges')
          .where('challenge', '=', challenge)
          .where('user_id', userId === null ? 'is' : '=', userId)
          .where('expires_at', '>', isoTime(now))
          .returning('challenge')
          .executeTakeFirst();
  if (row === undefined) throw unauthenticated('This answer of a passkey is too old or was used already. Try again.');
  return row.challenge;
}

/** Client data as the browser wrote it (W3C Web Authentication, section 5.8.1). */
function challengeIn(clientDataJSON: string): string | undefined {
  try {
    const data = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as { challenge?: unknown };
    return typeof data?.challenge === 'string' ? data.challenge : undefined;
  } catch {
    return undefined;
  }
}
