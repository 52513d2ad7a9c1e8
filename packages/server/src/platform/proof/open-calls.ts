import type { JournalPosition } from '../journal/journal.ts';
import { dayNumber, instanceLog, isLogId } from './log-files.ts';

/** Which log a line belongs to, read without parsing the whole of it. */
interface Belonging {
  readonly log: string;
  /** Counted from 1970-01-01 (UTC). */
  readonly day: number;
}

interface OpenCall {
  readonly log: string;
  readonly time: number;
  /** Where its line starts. */
  readonly segment: string;
  readonly byteOffset: number;
}

// Inside a JSON string a quotation mark is always escaped, so none of these can be found in a value. What records begin
// with is read at once, and what stands elsewhere in those of other releases is looked for.
const head =
  /,"t":"(\d{4}-\d{2}-\d{2}T[^"]{9,20})","kind":"([a-z]{1,16})",(?:"callId":"([^"]{1,64})",)?(?:"workspaceId":"([^"]{1,64})")?/;
type Head = [line: string, t: string, kind: string, callId: string | undefined, workspaceId: string | undefined];
const workspace = /,"workspaceId":"([^"]{1,64})"/;
const call = /,"callId":"([^"]{1,64})"/;

/** An intent this old has no call behind it any more. */
const longestCallMs = 24 * 3_600_000;
const mostOpen = 100_000;

/**
 * Says which workspace a record is of. An outcome names only its call, so the calls that have begun and not ended are
 * remembered; what cannot be told goes to the instance's log.
 */
export class OpenCalls {
  readonly #open = new Map<string, OpenCall>();
  /** The last time read: of many records it is the same. */
  #last = { text: '', time: Number.NaN, day: Number.NaN };

  /**
   * @param segment where the line is
   * @param byteOffset where it starts there
   * @returns undefined when the line has no time and kind, which no record lacks
   */
  place(line: string, segment: string, byteOffset: number): Belonging | undefined {
    const match = head.exec(line);
    if (match === null) return undefined;
    const [, t, kind, leadingCall, leadingWorkspace] = match as unknown as Head;
    if (t !== this.#last.text) this.#last = { text: t, time: Date.parse(t), day: dayNumber(t.slice(0, 10)) };
    const { time, day } = this.#last;
    if (Number.isNaN(time)) return undefined;
    if (kind === 'epoch') this.#open.clear();
    if (kind !== 'intent' && kind !== 'outcome' && kind !== 'denied')
      return { log: logOf(line, leadingWorkspace), day };
    const callId = leadingCall ?? call.exec(line)?.[1] ?? '';
    const log = (kind === 'outcome' ? this.#open.get(callId)?.log : undefined) ?? logOf(line, leadingWorkspace);
    this.#open.delete(callId);
    if (kind === 'intent') this.#open.set(callId, { log, time, segment, byteOffset });
    this.#forget(time);
    return { log, day };
  }

  #forget(now: number): void {
    for (const [callId, { time }] of this.#open) {
      if (now - time < longestCallMs && this.#open.size <= mostOpen) break;
      this.#open.delete(callId);
    }
  }

  /** Where the oldest call that is still open begins. */
  oldest(): JournalPosition | undefined {
    const [first] = this.#open.values();
    return first === undefined ? undefined : { segment: first.segment, byteOffset: first.byteOffset };
  }
}

function logOf(line: string, leading: string | undefined): string {
  const id = leading ?? workspace.exec(line)?.[1];
  return id !== undefined && isLogId(id) ? id : instanceLog;
}
