import { checkpointTargets } from '@mcpnest/contract/operations/checkpoint-targets';
import { proofKeys } from '@mcpnest/contract/operations/proof-keys';
import { proofs } from '@mcpnest/contract/operations/proofs';
import type { Kysely } from 'kysely';
import { conflict } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Log } from '../../platform/log.ts';
import type { ProofAccess } from '../../platform/proof/access.ts';
import type { KeyRecord } from '../../platform/proof/frames.ts';
import type { SendCheckpoint } from '../../platform/proof/send-checkpoint.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { keysOf } from './keys.ts';
import { createLogChecks, describeLog } from './log-checks.ts';
import { showProof, streamBundle } from './proofs.ts';
import { describeProof } from './status.ts';
import { createTarget, listTargets, removeTarget, testTarget } from './targets.ts';

export interface ProofRoutesDeps {
  readonly db: Kysely<Schema>;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  readonly proof: ProofAccess;
  readonly send: SendCheckpoint;
}

/** Proofs, the keys behind them, and where checkpoints go. */
export function proofRoutes({ db, vault, clock, log, proof, send }: ProofRoutesDeps): Route[] {
  const checks = createLogChecks({ db, clock, log, proof });
  return [
    route(proofs.status, ({ workspace }) => describeLog(db, proof, checks, workspace)),
    route(proofs.verify, async ({ workspace, change }) => {
      const begin = await change((one) => checks.prepare(one, workspace));
      begin();
      return describeLog(db, proof, checks, workspace);
    }),
    route(proofs.show, ({ workspace, input }) =>
      showProof(db, proof, workspace.id, input.params.call, input.query.size),
    ),
    route(proofs.bundle, async ({ workspace, input, change }) => {
      const { from, to } = input.query;
      await change((one) =>
        one.record({
          workspaceId: workspace.id,
          target: `workspace:${workspace.slug}`,
          detail: { from: from ?? null, to: to ?? null },
          publish: 'nothing',
        }),
      );
      return streamBundle(proof, workspace.id, input.query);
    }),
    route(proofKeys.list, async () => ({ node: proof.nodeId, items: keysOf(proof) })),
    route(proofKeys.rotate, ({ input, change }) =>
      change(async (one) => {
        const made = rotate(proof, clock, input.body.lost);
        const detail = { publicKey: made.publicKey, previous: made.previous, lost: input.body.lost };
        await one.record({ workspaceId: null, target: `proof-key:${proof.nodeId}`, detail, publish: 'nothing' });
        return made;
      }),
    ),
    route(checkpointTargets.status, () => describeProof(db, proof)),
    route(checkpointTargets.list, async () => ({ items: await listTargets(db) })),
    route(checkpointTargets.create, ({ input, change }) => change((one) => createTarget(one, vault, input.body))),
    route(checkpointTargets.test, async ({ input, change }) => {
      const publish = await change((one) => testTarget(one, { proof, vault, send }, input.params.id));
      return publish();
    }),
    route(checkpointTargets.remove, async ({ input, change }) => {
      await change((one) => removeTarget(one, input.params.id));
      return undefined;
    }),
  ];
}

function rotate(proof: ProofAccess, clock: Clock, lost: boolean): KeyRecord {
  try {
    return proof.keys.rotate(clock.now(), lost);
  } catch (error) {
    throw conflict((error as Error).message);
  }
}
