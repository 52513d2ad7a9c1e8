import { isLogLevel, logLevels, metaKey, rpcCode, type LogLevel } from '../domain/protocol.ts';
import { member, sourceText, stringValue } from '../platform/json/scan.ts';
import { byteString, bytesOf } from '../platform/byte-string.ts';
import { splice, splicePieces, type Edit } from '../platform/json/splice.ts';
import type { Exchanged } from './inbound.ts';
import type { Message } from './message.ts';
import { largeBytes, type Replies } from './reply.ts';
import { errorCode, type UpstreamMessage } from './upstreams/reply.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/** What a request may hear before its answer. Everything else an upstream says by itself concerns no single caller. */
const relayed: ReadonlySet<string> = new Set(['notifications/progress', 'notifications/message']);
/** A page was visited (2025-11-25, elicitation "Completion Notifications"): for clients in a session alone. */
const pageVisited = 'notifications/elicitation/complete';

/** Carries an upstream's answer, and what it says before, back to the request that caused them. */
export class Relay {
  readonly #replies: Replies;
  readonly #call: Exchanged;
  readonly #message: Message;
  readonly #progressToken: string | undefined;
  /** Least severe log message the caller asked for; undefined = none at all. */
  readonly logLevel: LogLevel | undefined;
  #lastProgress = -Infinity;

  constructor(replies: Replies, call: Exchanged, message: Message) {
    this.#replies = replies;
    this.#call = call;
    this.#message = message;
    this.logLevel = wantedLevel(call, message);
    const token = member(message.meta, metaKey.progressToken);
    this.#progressToken =
      token === undefined || (token.kind !== 'string' && token.kind !== 'number')
        ? undefined
        : sourceText(message.bytes, token);
  }

  /** Pass a notification on with the caller's own progress token; drop what is not for this request. */
  readonly notification = (notification: UpstreamMessage, upstreamId: string): void => {
    const { bytes, method, root } = notification;
    if (method === pageVisited && this.#call.session !== undefined) {
      return this.#replies.event(this.#call.inbound, bytesOf(bytes));
    }
    if (method === undefined || !relayed.has(method)) return;
    if (method === 'notifications/message') {
      const level = stringValue(bytes, member(member(root, 'params'), 'level'));
      if (this.#hears(level)) this.#replies.event(this.#call.inbound, bytesOf(bytes));
      return;
    }
    const params = member(root, 'params');
    const token = member(params, 'progressToken');
    if (this.#progressToken === undefined || token === undefined || stringValue(bytes, token) !== upstreamId) return;
    const progress = Number(
      bytes.toString('latin1', member(params, 'progress')?.start, member(params, 'progress')?.end),
    );
    if (!(progress > this.#lastProgress)) return;
    this.#lastProgress = progress;
    const edit = { start: token.start, end: token.end, text: byteString(this.#progressToken) };
    this.#replies.event(this.#call.inbound, splice(bytesOf(bytes), [edit]));
  };

  /**
   * Answer the caller with the upstream's own bytes under the caller's id.
   * @param more what else must change, in order
   */
  answer(answer: UpstreamAnswer, more: readonly Edit[] | undefined): void {
    const { bytes, id, result } = answer;
    const modern = this.#call.era.kind === 'modern';
    const edits: Edit[] = [{ start: id.start, end: id.end, text: byteString(this.#message.idText) }];
    if (result !== undefined && modern && member(result, 'resultType') === undefined) {
      const at = result.start + 1;
      const text = byteString(`"resultType":"complete"${result.keys.length > 0 ? ',' : ''}`);
      const edit = { start: at, end: at, text };
      if (at < id.start) edits.unshift(edit);
      else edits.push(edit);
    }
    if (more !== undefined && more.length > 0) {
      edits.push(...more);
      edits.sort((a, b) => a.start - b.start);
    }
    const status = modern && answer.error !== undefined ? (statuses.get(errorCode(answer) ?? 0) ?? 200) : 200;
    const { inbound } = this.#call;
    const large = bytes.length > largeBytes;
    this.#replies.message(inbound, large ? splicePieces(bytes, edits) : splice(bytesOf(bytes), edits), status);
  }

  #hears(level: string | undefined): boolean {
    return (
      this.logLevel !== undefined &&
      logLevels.indexOf(this.logLevel) <= logLevels.indexOf((level ?? 'info') as LogLevel)
    );
  }
}

/** A modern request names its level or hears nothing; a session has one; a bare request belongs to no conversation. */
function wantedLevel(call: Exchanged, message: Message): LogLevel | undefined {
  if (call.era.kind !== 'modern') return call.session === undefined ? undefined : (call.session.logLevel ?? 'debug');
  const level = stringValue(message.bytes, member(message.meta, metaKey.logLevel));
  return isLogLevel(level) ? level : undefined;
}

/** Errors for which the modern protocol names the HTTP status (streamable-http). */
const statuses: ReadonlyMap<number, number> = new Map([
  [rpcCode.headerMismatch, 400],
  [rpcCode.missingCapability, 400],
  [rpcCode.unsupportedVersion, 400],
  [rpcCode.methodNotFound, 404],
]);
