import type { Readable, Writable } from 'node:stream';
import { clipped, type Log } from '../log.ts';
import { ascii, bytes, cut, splice, textOf, type ByteString } from '../messages/byte-string.ts';
import {
  edit,
  MessageRejected,
  readMessage,
  withId,
  type Message,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../messages/message.ts';
import { errorText, json, rpcCode, type RpcFault } from '../messages/protocol.ts';
import { lineReader } from './line-reader.ts';

/** A call that has no answer of the child's: why, as the caller may be told. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly fault: RpcFault;

  constructor(code: number, message: string) {
    super(message);
    this.fault = { code, message };
  }
}

/** One request under way. */
export interface Call {
  /** The child's response, still under the channel's own id. @throws CallFailed */
  readonly answer: Promise<ResponseMessage>;
  /** Tell the child that nobody waits any longer and reject `answer` with `why`; nothing after the answer. */
  cancel(why: CallFailed): void;
}

/** What the child says of its own accord. */
export interface ChannelEvents {
  readonly notification: (message: NotificationMessage) => void;
  /** A request of the child's; whoever takes it owes it an `answer`. */
  readonly request: (message: RequestMessage, channel: Channel) => void;
  /** Nothing can be read from the child any more; every call under way has failed. */
  readonly closed: () => void;
}

export interface ChannelOptions {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly maxLineBytes: number;
  /** Bytes that may wait for a child that does not read; beyond them calls fail at once. */
  readonly maxQueuedBytes: number;
  /** Calls under way, those included whose callers have left. */
  readonly maxPending: number;
  readonly log: Log;
  readonly events: ChannelEvents;
}

interface Pending {
  readonly resolve: (answer: ResponseMessage) => void;
  readonly reject: (error: CallFailed) => void;
  /** Source text of the caller's progress token. */
  readonly token: ByteString | undefined;
  readonly progress: ((text: ByteString) => void) | undefined;
}

/**
 * Any number of callers over one pair of pipes, one JSON message per line (MCP stdio transport). Each request gets an
 * id of the channel's own, under which its answer, its progress and its cancellation are known; so callers need no
 * lock and cannot meet, whatever ids and progress tokens they choose. Nothing else of a message is changed.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;
  #open = true;

  constructor(options: ChannelOptions) {
    this.#options = options;
    const { stdout, maxLineBytes, log } = options;
    const read = lineReader({
      maxLineBytes,
      line: (line) => this.#receive(line),
      oversized: (id) => {
        log.warn('a line of the server was too long and left out', { maxLineBytes });
        this.#fail(id ?? '', rpcCode.serverFailed, "The server's answer is larger than the bridge carries.");
      },
    });
    stdout.on('data', read);
    stdout.once('end', () => this.#close());
    stdout.once('close', () => this.#close());
  }

  /** @param progress takes `notifications/progress` of this call, the caller's own token in them */
  request(message: RequestMessage, progress?: (text: ByteString) => void): Call {
    const id = String(++this.#lastId);
    const { text } = message;
    const token = message.metaMembers.get('progressToken');
    const edits = [edit(message.id, ascii(id))];
    if (token !== undefined) edits.push(edit(token, ascii(id)));
    const answer = new Promise<ResponseMessage>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, token: token && cut(text, token), progress });
    });
    if (!this.#open) this.#fail(id, rpcCode.serverFailed, 'The server has ended.');
    else if (this.#pending.size > this.#options.maxPending) {
      this.#fail(id, rpcCode.unavailable, 'The server has too many calls under way; try again later.');
    } else if (!this.send(splice(text, edits))) {
      this.#fail(id, rpcCode.unavailable, 'The server does not read its input; try again later.');
    }
    return { answer, cancel: (why) => this.#cancel(id, why) };
  }

  /**
   * Write one message that needs no answer.
   * @returns false when too much is waiting already; it is then not written
   */
  send(text: ByteString): boolean {
    const { stdin, maxQueuedBytes } = this.#options;
    if (!this.#open || stdin.writableLength + text.length > maxQueuedBytes) return false;
    stdin.write(`${text}\n`, 'latin1');
    return true;
  }

  /** Answer a request of the child's. @param text a whole response, its id aside */
  answer(request: RequestMessage, response: ResponseMessage | RpcFault): void {
    const id = cut(request.text, request.id);
    const text = 'kind' in response ? withId(response, id) : errorText(response, id);
    if (this.send(text) || !this.#open) return;
    // It asks and does not read: keeping its answers would take all memory, dropping one would leave it waiting.
    this.#options.log.error('the server asks without reading the answers; its input is closed');
    this.#options.stdin.destroy();
    this.#close();
  }

  #receive(line: ByteString): void {
    let message: Message;
    try {
      message = readMessage(line);
    } catch (error) {
      if (!(error instanceof MessageRejected)) throw error;
      this.#options.log.warn('a line of the server is no message and was left out', {
        reason: error.message,
        characters: line.length,
        ...(error.isJson ? {} : { line: clipped(this.#options.log.clean(textOf(line.slice(0, 4000) as ByteString))) }),
      });
      return;
    }
    if (message.kind === 'response') this.#settle(message);
    else if (message.kind === 'request') this.#asked(message);
    else if (message.method === 'notifications/progress') this.#progress(message);
    else this.#options.events.notification(message);
  }

  #settle(message: ResponseMessage): void {
    const id = cut(message.text, message.id);
    const pending = this.#pending.get(id);
    // Late answers to what was cancelled are nobody's.
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.resolve(message);
  }

  #asked(message: RequestMessage): void {
    if (message.method === 'ping') {
      const pong = bytes`{"jsonrpc":"2.0","id":${cut(message.text, message.id)},"result":{}}`;
      this.answer(message, readMessage(pong) as ResponseMessage);
    } else this.#options.events.request(message, this);
  }

  #progress(message: NotificationMessage): void {
    const token = message.paramMembers.get('progressToken');
    const pending = token && this.#pending.get(cut(message.text, token));
    if (token === undefined || pending?.token === undefined) return;
    pending.progress?.(splice(message.text, [edit(token, pending.token)]));
  }

  #cancel(id: string, why: CallFailed): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    const reason = json(why.message);
    this.send(
      bytes`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${ascii(id)},"reason":${reason}}}`,
    );
    pending.reject(why);
  }

  #fail(id: string, code: number, message: string): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.reject(new CallFailed(code, message));
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const id of [...this.#pending.keys()]) {
      this.#fail(id, rpcCode.serverFailed, 'The server ended before it answered.');
    }
    this.#options.events.closed();
  }
}
