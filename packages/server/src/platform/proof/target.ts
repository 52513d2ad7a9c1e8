import type { Selectable } from 'kysely';
import { Secret } from '../../domain/secret.ts';
import type { CheckpointTargetsTable } from '../database/schema.ts';
import type { Vault } from '../vault/vault.ts';

interface FolderTarget {
  readonly path: string;
}

interface HttpsTarget {
  readonly url: string;
  readonly method: 'POST' | 'PUT';
}

interface S3Target {
  /** Endpoint and bucket. */
  readonly url: string;
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly lock: { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly days: number } | null;
}

/** A place checkpoints are published to, with what is needed to do it. */
export type Target =
  | ({ readonly kind: 'folder' } & FolderTarget)
  | ({ readonly kind: 'https'; readonly headers: Readonly<Record<string, Secret>> } & HttpsTarget)
  | ({ readonly kind: 's3'; readonly secretAccessKey: Secret } & S3Target);

export type TargetRow = Selectable<CheckpointTargetsTable>;

const contextOf = (id: string): string => `checkpoint-target/${id}`;

/** Seal the secrets of a target for its row; null when it has none. */
export function sealTarget(vault: Vault, id: string, secrets: Readonly<Record<string, string>>): string | null {
  if (Object.keys(secrets).length === 0) return null;
  return vault.seal(new Secret(JSON.stringify(secrets)), contextOf(id));
}

/** @throws AppError `unavailable` when its secrets cannot be opened */
export function openTarget(vault: Vault, { id, kind, config, sealed }: TargetRow): Target {
  const secrets: Record<string, Secret> = {};
  if (sealed !== null) {
    const plain = JSON.parse(vault.open(sealed, contextOf(id)).reveal()) as Record<string, string>;
    for (const [name, value] of Object.entries(plain)) secrets[name] = new Secret(value);
  }
  // The forms were checked when the row was made, and nothing else writes it.
  switch (kind) {
    case 'folder':
      return { kind, ...(JSON.parse(config) as FolderTarget) };
    case 'https':
      return { kind, ...(JSON.parse(config) as HttpsTarget), headers: secrets };
    case 's3':
      return { kind, ...(JSON.parse(config) as S3Target), secretAccessKey: secrets.secretAccessKey! };
  }
}
