import { createKeyedDigest } from '../keyed-digest.ts';
import { encodeEvent } from './encode.ts';
import type { EventRecord, Receipt } from './records.ts';

type Place = Pick<Receipt, 'node' | 'epoch' | 'seq'>;

/**
 * Seals, in a row of `audit_events`, where the chain has the event and what it says of it: who can write to the
 * database and nothing else cannot change the row without it showing, also on nodes that have not that journal.
 * @param key from `vault.deriveKey('journal/events')`
 */
export function createEventSeal(key: Buffer): (place: Place, record: EventRecord) => string {
  const digest = createKeyedDigest(key);
  return ({ node, epoch, seq }, record) => digest(`${node} ${epoch} ${seq} ${encodeEvent(record)}`);
}
