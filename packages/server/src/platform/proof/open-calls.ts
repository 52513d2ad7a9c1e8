import type { JournalPosition } from '../journal/journal.ts';
import { instanceLog, isLogId } from './log-files.ts';

/** Which log a line belongs to, read without parsing the whole of it. */
interface Belonging {
  readonly log: string;
  readonly time: number;
  /** `YYYY-MM-DD`. */
  readonly day: string;
}

interface OpenCall {
  readonly log: string;
  readonly time: number;
  readonly at: JournalPosition;
}

// Inside a JSON string a quotation mark is always escaped, so none of these can be found in a value.
const head = /,"t":"((\d{4}-\d{2}-\d{2})T[^"]{9,20})","kind":"([a-z]{1,16})",/;
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

  /**
   * @param at where the line starts
   * @returns undefined when the line has no time and kind, which no record lacks
   */
  place(line: string, at: JournalPosition): Belonging | undefined {
    const match = head.exec(line);
    if (match === null) return undefined;
    const [, t, day, kind] = match as unknown as [string, string, string, string];
    const time = Date.parse(t);
    if (Number.isNaN(time)) return undefined;
    if (kind === 'epoch') this.#open.clear();
    const id = workspace.exec(line)?.[1];
    let log = id !== undefined && isLogId(id) ? id : instanceLog;
    if (kind === 'intent' || kind === 'outcome' || kind === 'denied') {
      const callId = call.exec(line)?.[1] ?? '';
      if (kind === 'outcome') log = this.#open.get(callId)?.log ?? log;
      this.#open.delete(callId);
      if (kind === 'intent') this.#open.set(callId, { log, time, at });
    }
    this.#forget(time);
    return { log, time, day };
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
    return first?.at;
  }
}
