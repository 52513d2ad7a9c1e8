import { hash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { canonicalText } from '../domain/canonical.ts';
import { newId, randomHex } from '../domain/ids.ts';
import { isoTime } from './clock.ts';
import type { Schema } from './database/schema.ts';

/** Something that happened besides calls: a change, a reading of records, a refusal. */
export interface AuditEventInput {
  /** Null: it concerns the instance. */
  readonly workspaceId: string | null;
  /** Ids only, never a name or address: it stays in the chain for good. */
  readonly actor: string;
  readonly action: string;
  /** What it was about; may name people, and can be erased. */
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Append an event. Its place in the journal's chain follows within two seconds (`journal/event-chain.ts`).
 * @param now milliseconds since the epoch
 * @returns its id
 */
export async function insertEvent(
  db: Kysely<Schema>,
  { workspaceId, actor, action, target, detail }: AuditEventInput,
  now: number,
): Promise<string> {
  const id = newId(now);
  const text = JSON.stringify(detail);
  const salt = randomHex();
  const row = { id, workspace_id: workspaceId, actor, action, target, detail: text, created_at: isoTime(now) };
  const commitment = commitmentOf(salt, target, text);
  await db
    .insertInto('audit_events')
    .values({ ...row, salt, commitment })
    .execute();
  return id;
}

/**
 * What the chain holds of an event's target and detail: SHA-256 over the salt's 16 bytes and the canonical JSON
 * (RFC 8785) of `{detail, target}`, lower-case hex. Without the salt nobody can tell what it was, not even by guessing.
 * @param salt hex
 * @param detail JSON text
 */
export const commitmentOf = (salt: string, target: string, detail: string): string =>
  hash(
    'sha256',
    Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(canonicalText({ target, detail: JSON.parse(detail) }))]),
    'hex',
  );
