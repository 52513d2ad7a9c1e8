import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ByteString } from '../byte-string.ts';
import { systemClock } from '../clock.ts';

/** A connection without a request is closed after this long, and says so in each answer. */
export const keepAliveMs = 65_000;

/** Where the body of a request goes. Neither function may throw. */
export interface BodySink {
  /** @returns false: nothing more is to be read, for now or ever */
  chunk(chunk: Buffer): boolean;
  /** The body is complete. */
  end(): void;
}

/**
 * A request of Node's own parser whose body can be had as it is parsed. As a stream each body costs a queue, an object
 * of state and three turns of the ticks, for what is nearly always one piece that is there already.
 */
export class IncomingRequest extends IncomingMessage {
  #sink: BodySink | undefined;
  #passedOn = false;
  #decisive: Decisive | undefined;

  /** Node's server is done with it: from now on `headers` has all fields. Called by the server, before any listener. */
  passOn(): void {
    this.#passedOn = true;
  }

  /** Have the body given to `sink` in place of being read as a stream. To be called while the request is received. */
  receive(sink: BodySink): void {
    this.#sink = sink;
    // What Node takes as a sign that somebody reads; otherwise it would do so itself once the answer has been given.
    this._read(0);
  }

  /** How the parser hands over each piece, and null behind the last. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const sink = this.#sink;
    if (sink === undefined) return super.push(chunk, encoding);
    if (chunk !== null) return sink.chunk(chunk as Buffer);
    // The parser holds the request until the connection brings another; it must not hold the body as well.
    this.#sink = spent;
    sink.end();
    return false;
  }

  static {
    // As a stream it never ends: by this whoever holds the request lets go of it, and knows that it was not aborted.
    // An accessor in Node, which its types call a property.
    Object.defineProperty(this.prototype, 'readableEnded', {
      get(this: IncomingRequest): unknown {
        return this.#sink === spent || Reflect.get(IncomingMessage.prototype, 'readableEnded', this);
      },
    });
    // Before it passes on a request of HTTP/1.1, Node's server wants to know two fields of it. An object of them all,
    // which is what it asks for, costs 0.8 µs of a call's 60, and few want it afterwards.
    Object.defineProperty(this.prototype, 'headers', {
      get(this: IncomingRequest): unknown {
        if (!this.#passedOn && this.httpVersion === '1.1') return (this.#decisive ??= decisive(this.rawHeaders));
        return Reflect.get(IncomingMessage.prototype, 'headers', this);
      },
      set(this: IncomingRequest, headers: unknown) {
        Reflect.set(IncomingMessage.prototype, 'headers', headers, this);
      },
    });
  }
}

/** The fields by which Node's server decides whether to pass a request on (`parserOnIncoming`). */
interface Decisive {
  readonly host: string | undefined;
  readonly expect: string | undefined;
}

function decisive(raw: readonly string[]): Decisive {
  let host: string | undefined;
  let expect: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') host ??= raw[i + 1];
    else if (name.length === 6 && name.toLowerCase() === 'expect') {
      expect = expect === undefined ? raw[i + 1] : `${expect}, ${raw[i + 1]}`;
    }
  }
  return { host, expect };
}

const spent: BodySink = { chunk: () => false, end: () => undefined };

/** An answer that can be given whole. */
export class OutgoingResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #whole = false;
  #taken = false;

  /**
   * Answer 200 with head and body in one write, where nothing stands in the way: the connection stays open, nothing
   * has been said, a body is expected and nothing waits to be taken. It costs half of what `writeHead` and `end` do,
   * which check each field and keep a queue.
   * @param fields header lines, each with its end, without `Content-Length`, `Date` and what concerns the connection
   * @returns false: it is to be given another way, for nothing has been written
   */
  answerWhole(fields: string, body: ByteString): boolean {
    const { socket } = this;
    // Without a socket it is not its turn: an earlier request of the connection has no answer yet.
    if (socket === null || !socket.writable || socket.writableLength > 0) return false;
    if (!this.shouldKeepAlive || this.begun || this.finished || this.req.method === 'HEAD') return false;
    this.#whole = this.finished = true;
    socket.write(
      `HTTP/1.1 200 OK\r\n${fields}content-length: ${body.length}\r\ndate: ${httpDate()}\r\n${connection}\r\n${body}`,
      'latin1',
    );
    if (socket.writableLength === 0) this.#finish();
    // The system takes the rest as its client does; until then the answer is under way, and a stop waits for it.
    else socket.write('', (error) => (error ? undefined : this.#finish()));
    return true;
  }

  /** On which Node takes up the next request of the connection, and tells of the end of this one. */
  #finish(): void {
    this.#taken = true;
    this.emit('finish');
  }

  /** One destroyed before its turn has come takes the connection with it then, or what waits behind it would for ever. */
  override destroy(error?: Error): this {
    if (!this.destroyed && this.socket === null && !this.delivered)
      this.once('socket', (socket: Socket) => socket.destroy());
    return super.destroy(error);
  }

  /** Whether anything of the answer has been written. */
  get begun(): boolean {
    return this.#whole || this.headersSent;
  }

  /** Whether all of the answer has been handed to the system. */
  get delivered(): boolean {
    return this.#taken || this.writableFinished;
  }
}

const connection = `connection: keep-alive\r\nkeep-alive: timeout=${keepAliveMs / 1000}\r\n`;

let second = 0;
let date = '';

/** The time as HTTP writes it (RFC 9110, 5.6.7). */
function httpDate(): string {
  const now = Math.floor(systemClock.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
