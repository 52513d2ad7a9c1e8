import type { Link } from '@mcpnest/contract/schemas/sessions';
import type { Kysely } from 'kysely';
import { unauthenticated } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { hashToken } from '../../domain/token.ts';
import { isoTime } from '../../platform/clock.ts';
import type { EntryLinksTable, Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { mintSecret } from '../console-session.ts';
import { consoleUrl } from '../console-url.ts';

type Kind = EntryLinksTable['kind'];

const places: Readonly<Record<Kind, { readonly path: string; readonly minutes: number }>> = {
  setup: { path: '/setup', minutes: 60 },
  reset: { path: '/password-reset', minutes: 24 * 60 },
};

/** One answer for links that are wrong, used, replaced or expired. */
export const linkRefused = () =>
  unauthenticated('This link is not valid: wrong, expired, replaced or used already. Ask for a new one.');

/**
 * Make a link that lets somebody in once. Its key stands behind `#`, which browsers send nowhere; stored is its SHA-256.
 * @param userId whom; null for whoever finishes the set-up
 */
export async function issueLink(change: Change, kind: Kind, userId: string | null, publicUrl: string): Promise<Link> {
  const key = mintSecret();
  const { path, minutes } = places[kind];
  const expiresAt = isoTime(change.now + minutes * 60_000);
  await change.tx.deleteFrom('entry_links').where('expires_at', '<=', change.at).execute();
  await change.tx
    .insertInto('entry_links')
    .values({
      id: newId(change.now),
      kind,
      user_id: userId,
      hash: hashToken(key),
      expires_at: expiresAt,
      created_at: change.at,
      created_by: change.actorName,
      used_at: null,
    })
    .execute();
  return { link: consoleUrl(publicUrl, `${path}#k=${key}`), expiresAt };
}

/** Whether a key would be taken; asked before anything costly. @throws AppError `unauthenticated` */
export async function checkLink(db: Kysely<Schema>, kind: Kind, key: string, at: string): Promise<void> {
  const row = await db
    .selectFrom('entry_links')
    .select('id')
    .where('hash', '=', hashToken(key))
    .where('kind', '=', kind)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst();
  if (row === undefined) throw linkRefused();
}

/**
 * Use a link up; of many at the same moment one succeeds.
 * @returns whom it is for, null for the set-up
 * @throws AppError `unauthenticated`
 */
export async function takeLink({ tx, at }: Change, kind: Kind, key: string): Promise<string | null> {
  const row = await tx
    .updateTable('entry_links')
    .set({ used_at: at })
    .where('hash', '=', hashToken(key))
    .where('kind', '=', kind)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('user_id')
    .executeTakeFirst();
  if (row === undefined) throw linkRefused();
  return row.user_id;
}

/** End the links of a kind that are open for somebody. */
export const endLinks = ({ tx }: Change, kind: Kind, userId: string | null): Promise<unknown> =>
  tx
    .deleteFrom('entry_links')
    .where('kind', '=', kind)
    .where('used_at', 'is', null)
    .where('user_id', userId === null ? 'is' : '=', userId)
    .execute();
