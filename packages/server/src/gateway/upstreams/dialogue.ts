import { metaKey } from '../../domain/protocol.ts';
import { ascii, bytes, bytesOf, byteString, type ByteString } from '../../platform/byte-string.ts';
import { member, sourceText, stringValue } from '../../platform/json/scan.ts';
import type { Conversation, UpstreamAsk } from './conversation.ts';
import type { Deadline } from './deadline.ts';
import { UpstreamFault } from './fault.ts';
import { isRequestId, type UpstreamMessage } from './reply.ts';

/** Requests of its own that an upstream may have open during one of ours, and in all. */
const mostOpen = 8;
const mostAsked = 64;

export interface DialogueDeps {
  /** Id of our request; also its progress token. */
  readonly id: string;
  readonly conversation: Conversation;
  readonly deadline: Deadline;
  /** Hears what concerns no request. */
  readonly onNews: ((message: UpstreamMessage) => void) | undefined;
  readonly onNotification: ((message: UpstreamMessage, id: string) => void) | undefined;
  readonly onRequest: ((ask: UpstreamAsk) => void) | undefined;
  /** Sends an answer in the session of this conversation; undefined: there is none, so no answer can be sent. */
  readonly answer: ((message: ByteString) => void) | undefined;
}

/**
 * What an upstream says between a request of ours and its answer. What it asks goes to whoever sent the request and to
 * nobody else; what was not declared to it, it may not ask.
 */
export class Dialogue {
  readonly #deps: DialogueDeps;
  /** By the text of the upstream's id. */
  readonly #open = new Map<string, Ask>();
  #asked = 0;

  constructor(deps: DialogueDeps) {
    this.#deps = deps;
  }

  get id(): string {
    return this.#deps.id;
  }

  /**
   * Take a notification or a request.
   * @throws UpstreamFault `protocol` when it asks without end
   */
  hear(message: UpstreamMessage): void {
    if (message.kind === 'request') this.#ask(message);
    else if (message.kind === 'notification') this.#notify(message);
  }

  /** No answer is waited for any more. */
  end(): void {
    for (const ask of this.#open.values()) ask.withdraw();
    this.#open.clear();
  }

  #notify(message: UpstreamMessage): void {
    const { deadline, onNotification, onNews, id } = this.#deps;
    const { bytes: text, method } = message;
    const params = member(message.root, 'params');
    if (method === 'notifications/cancelled') {
      const named = member(params, 'requestId');
      if (named !== undefined) this.#withdraw(sourceText(text, named));
      return;
    }
    if (method === 'notifications/progress' && stringValue(text, member(params, metaKey.progressToken)) === id)
      deadline.progress();
    if (method?.endsWith('/list_changed') === true) onNews?.(message);
    else onNotification?.(message, id);
  }

  #ask(message: UpstreamMessage): void {
    const { conversation, deadline, onRequest, answer } = this.#deps;
    if (++this.#asked > mostAsked) throw new UpstreamFault('protocol', 'it asks without end');
    if (!isRequestId(message.id!)) throw new UpstreamFault('protocol', 'it asks under no proper id');
    if (answer === undefined) return;
    const idText = sourceText(message.bytes, message.id!);
    const refusal = onRequest === undefined ? refuse(message, '{}') : refuse(message, conversation.capabilities);
    if (refusal !== undefined) return answer(reply(message, refusal));
    if (this.#open.size >= mostOpen || this.#open.has(idText)) return answer(reply(message, tooMany));
    const ask = new Ask(message, (body) => {
      this.#close(idText);
      answer(reply(message, body));
    });
    this.#open.set(idText, ask);
    deadline.pause();
    onRequest!(ask);
  }

  #withdraw(idText: string): void {
    const ask = this.#open.get(idText);
    if (ask === undefined) return;
    this.#close(idText);
    ask.withdraw();
  }

  #close(idText: string): void {
    if (this.#open.delete(idText) && this.#open.size === 0) this.#deps.deadline.resume();
  }
}

class Ask implements UpstreamAsk {
  readonly message: UpstreamMessage;
  onWithdrawn: (() => void) | undefined;
  #answer: ((body: ByteString) => void) | undefined;

  constructor(message: UpstreamMessage, answer: (body: ByteString) => void) {
    this.message = message;
    this.#answer = answer;
  }

  respond(body: ByteString): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(body);
  }

  withdraw(): void {
    const open = this.#answer !== undefined;
    this.#answer = undefined;
    if (open) this.onWithdrawn?.();
  }
}

/** The answer to a request of an upstream, under its own id as it came. */
export const reply = ({ bytes: text, id }: UpstreamMessage, body: ByteString): ByteString =>
  bytes`{"jsonrpc":"2.0","id":${bytesOf(text.subarray(id!.start, id!.end))},${body}}`;

const error = (code: number, message: string): ByteString =>
  ascii(`"error":{"code":${code},"message":${JSON.stringify(message)}}`);
const tooMany = error(-32600, 'Too many requests are waiting for an answer');
const undeclared = error(-32601, 'Method not found');
const undeclaredMode = error(-32602, 'This mode was not declared');

interface Declared {
  readonly elicitation?: { readonly form?: unknown; readonly url?: unknown };
  readonly sampling?: unknown;
  readonly roots?: unknown;
}

/**
 * What to say at once to a request of an upstream; undefined: it was declared, so the client is to be asked.
 * @param capabilities what was declared: JSON text of an object
 */
export function refuse({ bytes: text, root, method }: UpstreamMessage, capabilities: string): ByteString | undefined {
  if (method === 'ping') return byteString('"result":{}');
  if (capabilities === '{}') return undeclared;
  const { elicitation, sampling, roots } = JSON.parse(capabilities) as Declared;
  if (method === 'sampling/createMessage') return sampling === undefined ? undeclared : undefined;
  if (method === 'roots/list') return roots === undefined ? undeclared : undefined;
  if (method !== 'elicitation/create' || elicitation === undefined) return undeclared;
  // An empty declaration means forms (2025-11-25, client/elicitation "Capabilities").
  const isUrl = stringValue(text, member(member(root, 'params'), 'mode')) === 'url';
  const declared = isUrl ? elicitation.url : (elicitation.form ?? (elicitation.url === undefined ? {} : undefined));
  return declared === undefined ? undeclaredMode : undefined;
}
