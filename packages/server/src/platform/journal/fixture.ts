import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../domain/ids.ts';
import { systemClock } from '../clock.ts';
import { createLog } from '../log.ts';
import type { JournalOptions } from './journal.ts';
import type { CallIntent, CallOutcome, DeniedCall } from './records.ts';
import type { ProofWork } from './shipper-messages.ts';
import { listSegments } from './segment.ts';

/** What the tests of this folder share: calls to record and a folder to record them in. */

export const macKey = Buffer.alloc(32, 7);

export function tempFolder(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-journal-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

export const options = (dir: string, more: Partial<JournalOptions> = {}): JournalOptions => ({
  dir,
  nodeId: 'node-1',
  clock: systemClock,
  log: createLog('silent'),
  macKey,
  ...more,
});

export const proofWork = (dataDir: string): ProofWork => ({
  dataDir,
  sealingKey: Buffer.alloc(32, 9),
  checkpointEveryMs: 60_000,
});

export const call = (more: Partial<CallIntent> = {}): CallIntent => ({
  callId: newId(systemClock.now()),
  workspaceId: 'workspace-1',
  memberId: 'member-1',
  tokenId: 'token-1',
  principalKind: 'member',
  authMethod: 'gateway_token',
  serverId: 'server-1',
  serverSlug: 'github',
  method: 'tools/call',
  toolName: 'create_issue',
  rule: 'member',
  wouldDeny: null,
  approvalId: null,
  policyVersion: 3,
  policyDigest: 'b'.repeat(64),
  policyAgeMs: 40,
  toolClass: 'write',
  definitionHash: 'd'.repeat(64),
  argsShape: '{"title":"s1-16"}',
  argsMac: 'a'.repeat(64),
  era: 'modern',
  protocolVersion: '2026-07-28',
  clientName: 'claude-code',
  bytesIn: 142,
  traceId: null,
  ...more,
});

export const ending = (callId: string, more: Partial<CallOutcome> = {}): CallOutcome => ({
  callId,
  outcome: 'ok',
  status: 200,
  errorCode: null,
  latencyMs: 12,
  upstreamMs: 10,
  bytesOut: 300,
  dispatched: true,
  ...more,
});

export const denial = (more: Partial<DeniedCall> = {}): DeniedCall => {
  const intent = call(more);
  return {
    ...intent,
    ...ending(intent.callId, {
      outcome: 'denied',
      status: 403,
      errorCode: 'denied_by_policy',
      upstreamMs: null,
      dispatched: false,
    }),
    ...more,
  };
};

export interface ReadRecord {
  readonly node: string;
  readonly epoch: number;
  readonly seq: number;
  readonly t: string;
  readonly kind: string;
  readonly callId?: string;
  readonly [field: string]: unknown;
}

/** Every record in a journal folder, in order. */
export const readRecords = (dir: string): ReadRecord[] =>
  listSegments(dir).flatMap((segment) =>
    readFileSync(join(dir, segment), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ReadRecord),
  );
