import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { auditStatus } from '@mcpnest/contract/schemas/proofs';
import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { ProofAccess } from '../../platform/proof/access.ts';
import { verifierKey } from '../../platform/proof/note.ts';
import { listLogs } from '../../platform/proof/verify-folder.ts';
import { signingKey } from './keys.ts';
import { listTargets } from './targets.ts';

/** How records are sealed, signed and published on this node. */
export async function describeProof(db: Kysely<Schema>, proof: ProofAccess): Promise<z.output<typeof auditStatus>> {
  const key = signingKey(proof);
  const logs = listLogs(proof.dir).flatMap((name) => {
    const log = describeOne(proof, name, key);
    return log === undefined ? [] : [{ log: name, ...log }];
  });
  const health = proof.sealing?.health;
  return {
    node: proof.nodeId,
    sealing:
      health === undefined
        ? null
        : { ok: health.ok, reason: health.reason ?? null, damage: health.damage?.reason ?? null },
    key,
    logs,
    targets: await listTargets(db),
  };
}

/** One log as far as its last checkpoint; undefined before the first. @param key that signs now */
export function describeOne(proof: ProofAccess, name: string, key: string | null) {
  using log = proof.open(name);
  if (log === undefined) return undefined;
  const { origin, size } = log.checkpoint;
  return {
    origin,
    records: size,
    purged: log.purged,
    signedAt: isoTime(statSync(join(log.dir, 'checkpoint')).mtimeMs),
    verifierKey: key === null ? null : verifierKey(origin, key),
  };
}
