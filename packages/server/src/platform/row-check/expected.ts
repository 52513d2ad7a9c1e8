import {
  answeredRow,
  deniedRow,
  unknownRow,
  type CallRow,
  type JournalRecord,
  type OpenCall,
} from '../journal/call-rows.ts';
import { splitLine } from '../journal/chain.ts';
import type { EventRecord } from '../journal/records.ts';

/** What a table must hold, by a record of a log. */
export type Expected = { readonly epoch: number; readonly seq: number; readonly at: string } & (
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly row: CallRow;
      /** `unknown`: its outcome is not in the log. `open`: nor need it be yet. */
      readonly end: 'told' | 'unknown' | 'open';
    }
  | { readonly kind: 'event'; readonly id: string; readonly event: EventRecord }
);

/** An intent this old has no call behind it any more. */
const longestCallMs = 24 * 3_600_000;
/** Calls that are remembered until their outcome is read. */
const mostOpen = 100_000;

/** Reads the records of one log in their order and says what the tables must hold of them. */
export class ExpectedRows {
  readonly #open = new Map<string, OpenCall>();
  #now = 0;
  #epoch = 0;

  /** @returns what is known with this record */
  *take(line: string): Generator<Expected> {
    const parts = splitLine(line);
    if (parts === undefined) return;
    const record = JSON.parse(line) as JournalRecord | ({ readonly kind: 'event'; readonly t: string } & EventRecord);
    const { epoch, seq } = parts;
    this.#now = Date.parse(record.t);
    this.#epoch = epoch;
    if (record.kind === 'event' && 'eventId' in record) {
      yield { kind: 'event', id: record.eventId, event: record, epoch, seq, at: record.at };
    } else if (record.kind === 'denied') {
      yield { kind: 'call', id: record.callId, row: deniedRow(record, parts), end: 'told', epoch, seq, at: record.t };
    } else if (record.kind === 'intent') {
      // One that was written twice counts from the second time on.
      this.#open.delete(record.callId);
      this.#open.set(record.callId, { intent: record, parts, segment: '', offset: 0 });
    } else if (record.kind === 'outcome') {
      const call = this.#open.get(record.callId);
      // Its intent was purged, or written twice.
      if (call === undefined) return;
      this.#open.delete(record.callId);
      yield expectedCall(call, answeredRow(call, record, parts), 'told');
    }
    for (const [callId, call] of this.#open) {
      if (!this.#isOver(call) && this.#open.size <= mostOpen) break;
      this.#open.delete(callId);
      yield expectedCall(call, unknownRow(call, parts), 'unknown');
    }
  }

  /**
   * Calls whose outcome has not been read.
   * @param epoch the node's latest; its start ended what was under way before
   */
  *rest(epoch: number): Generator<Expected> {
    this.#epoch = Math.max(this.#epoch, epoch);
    for (const call of this.#open.values())
      yield expectedCall(call, unknownRow(call, call.parts), this.#isOver(call) ? 'unknown' : 'open');
    this.#open.clear();
  }

  #isOver({ intent, parts }: OpenCall): boolean {
    return parts.epoch < this.#epoch || this.#now - Date.parse(intent.t) >= longestCallMs;
  }
}

const expectedCall = (call: OpenCall, row: CallRow, end: 'told' | 'unknown' | 'open'): Expected => ({
  ...{ kind: 'call', id: call.intent.callId, row, end },
  ...{ epoch: call.parts.epoch, seq: call.parts.seq, at: call.intent.t },
});
