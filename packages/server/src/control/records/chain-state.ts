import { timingSafeEqual } from 'node:crypto';
import type { AuditEvent } from '@mcpnest/contract/schemas/records';
import type { Selectable } from 'kysely';
import { commitmentOf } from '../../platform/audit-events.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { eventRecord } from '../../platform/journal/event-chain.ts';
import { createEventSeal } from '../../platform/journal/event-seal.ts';

type EventRow = Selectable<Schema['audit_events']>;

/**
 * Where the chain has events, and whether their rows still say what it holds them to.
 * @param key from `vault.deriveKey('journal/events')`
 */
export function createChainState(key: Buffer): (row: EventRow) => AuditEvent['chain'] {
  const seal = createEventSeal(key);
  return (row) => {
    const { chain_node: node, chain_epoch: epoch, chain_seq: seq } = row;
    if (node === null || epoch === null || seq === null)
      return { state: 'waiting', node: null, epoch: null, seq: null };
    const place = { node, epoch, seq };
    const sealed = equal(seal(place, eventRecord(row)), row.chain_mac ?? '');
    return { state: sealed ? stateOfText(row) : 'changed', ...place };
  };
}

function stateOfText({ target, detail, salt, commitment }: EventRow): 'intact' | 'changed' | 'erased' {
  if (target === null && detail === null && salt === null) return 'erased';
  if (target === null || detail === null || salt === null) return 'changed';
  try {
    return commitmentOf(salt, target, detail) === commitment ? 'intact' : 'changed';
  } catch {
    // No JSON any more.
    return 'changed';
  }
}

const equal = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
