import type { OnReadOpts, Socket } from 'node:net';
import type { ByteString } from '../byte-string.ts';
import type { Clock } from '../clock.ts';
import { HttpProtocolError } from './protocol-error.ts';
import type { Heads } from './response-head.ts';
import type { ResponseHeaders } from './response-headers.ts';
import { ResponseParser, type ResponseSink } from './response-parser.ts';

/** One request. It is built by the caller; nothing is added but `host` and `content-length`. */
export interface HttpRequest {
  readonly method: 'POST' | 'PUT' | 'GET' | 'DELETE';
  readonly path: string;
  /** Lines made by `headerLine`. */
  readonly headers: string;
  readonly body: ByteString;
}

/**
 * Told how a request fares. Exactly one of `onEnd` and `onError` is called last, unless the request is given up.
 * Neither may throw; what `onHead` and `onData` throw ends the connection and comes back as `onError`.
 */
export interface ResponseHandler {
  /** The request is being written: from now on the peer may have seen it. */
  onSent(): void;
  onHead(status: number, headers: ResponseHeaders): void;
  /** @param chunk to be copied: the bytes are others' after the call */
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/**
 * Where every connection's bytes arrive. One for all: what was read is dealt with before anything else is read, and a
 * buffer each would be most of what an idle connection costs.
 */
const incoming = Buffer.allocUnsafeSlow(64 * 1024);

/** What all connections of a client share. */
export interface Peer {
  /** Value of the `Host` header. */
  readonly host: string;
  readonly clock: Clock;
  readonly heads: Heads;
}

/** A connection that carries one request at a time. */
export class HttpConnection implements ResponseSink {
  /** To be given to the socket when it is made (its `onread` option). */
  readonly onread: OnReadOpts;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #heads: Heads;
  readonly #ended: (connection: HttpConnection, reusable: boolean) => void;
  #socket: Socket | undefined;
  #handler: ResponseHandler | undefined;
  #parser: ResponseParser | undefined;
  #dead = false;
  #keepAliveMs = longestIdleMs;
  /** Monotonic milliseconds when the last response ended. */
  #idleSince = 0;

  /** @param ended called whenever the connection becomes free, or dies */
  constructor({ host, clock, heads }: Peer, ended: (connection: HttpConnection, reusable: boolean) => void) {
    this.#host = host;
    this.#clock = clock;
    this.#heads = heads;
    this.#ended = ended;
    this.onread = {
      buffer: incoming,
      callback: (bytes) => {
        this.#read(incoming.subarray(0, bytes));
        return true;
      },
    };
  }

  /** The socket is connected; the connection is free, unless the peer has spoken or gone already. */
  open(socket: Socket): void {
    this.#socket = socket;
    if (this.#dead || socket.destroyed) {
      socket.destroy();
      this.#dead = true;
      this.#ended(this, false);
      return;
    }
    this.#idleSince = this.#clock.monotonic();
    socket.on('end', () => this.#peerClosed());
    socket.on('error', (error) => this.#die(error));
    socket.on('close', () => this.#die(new Error('The connection was closed.')));
    // Without this the end of the stream would wait to be asked for.
    socket.resume();
    this.#ended(this, true);
  }

  /** Whether the peer may be expected to still listen. */
  get fresh(): boolean {
    return !this.#dead && this.#clock.monotonic() - this.#idleSince < this.#keepAliveMs;
  }

  /** Whether this is who waits for the response that is under way. */
  carries(handler: ResponseHandler): boolean {
    return this.#handler === handler;
  }

  send(request: HttpRequest, handler: ResponseHandler): void {
    this.#handler = handler;
    this.#parser = new ResponseParser(this, this.#heads);
    handler.onSent();
    const { method, path, headers, body } = request;
    const length = method === 'POST' || method === 'PUT' ? `content-length: ${body.length}\r\n` : '';
    this.#socket!.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${headers}${length}\r\n${body}`,
      'latin1',
    );
  }

  /** Close at once; whoever waits is not told. */
  destroy(): void {
    this.#handler = undefined;
    this.#die(new Error('given up'));
  }

  /** Close at once and say why to whoever waits. */
  fail(error: Error): void {
    this.#die(error);
  }

  onHead(status: number, headers: ResponseHeaders): void {
    const { keepAliveSeconds: hint } = headers;
    // Sooner than the peer, so that a request does not meet a connection that is being closed.
    this.#keepAliveMs = hint === undefined ? longestIdleMs : Math.min(longestIdleMs, hint * 1000 - 1000);
    this.#handler?.onHead(status, headers);
  }

  onData(chunk: Buffer): void {
    this.#handler?.onData(chunk);
  }

  onEnd(reusable: boolean): void {
    try {
      // Told first: whoever finds the answer strange may still give the connection up.
      this.#handler?.onEnd();
    } finally {
      this.#handler = undefined;
      this.#parser = undefined;
    }
    if (this.#dead) return;
    this.#idleSince = this.#clock.monotonic();
    // An answer to a request that is still being written leaves the peer in the middle of it.
    if (!reusable || this.#socket!.writableLength > 0) this.#die(new Error('not to be used again'));
    else this.#ended(this, true);
  }

  #read(chunk: Buffer): void {
    // What was not asked for is no answer to what will be asked next.
    if (this.#parser === undefined) return this.#die(new HttpProtocolError('bytes that nobody asked for'));
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#die(error as Error);
    }
  }

  #peerClosed(): void {
    try {
      if (this.#parser?.close() === true) return;
      this.#die(new Error('The peer closed the connection.'));
    } catch (error) {
      this.#die(error as Error);
    }
  }

  #die(error: Error): void {
    if (this.#dead) return;
    this.#dead = true;
    const handler = this.#handler;
    this.#handler = undefined;
    this.#parser = undefined;
    // Before there is a socket nobody has been told of the connection either.
    if (this.#socket === undefined) return;
    this.#socket.destroy();
    this.#ended(this, false);
    handler?.onError(error);
  }
}

/** A connection is not used again after this long without a request. */
const longestIdleMs = 30_000;
