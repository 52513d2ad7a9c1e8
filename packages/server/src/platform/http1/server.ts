import { Server, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { IncomingRequest, keepAliveMs, OutgoingResponse } from './server-messages.ts';

/** What serves a request that came in through `createHttpServer`. */
export type HttpListener = RequestListener<typeof IncomingRequest, typeof OutgoingResponse>;

/** Without listeners for `upgrade` and `connect`, Node serves an upgrade request as a plain one and ends a CONNECT. */
export function createHttpServer(listener: HttpListener): Server<typeof IncomingRequest, typeof OutgoingResponse> {
  return new PatientServer(
    {
      IncomingMessage: IncomingRequest,
      ServerResponse: OutgoingResponse,
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      // Bounds receiving a request; answers may take as long as the call does.
      requestTimeout: 30_000,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 5_000,
      insecureHTTPParser: false,
    },
    (req, res) => {
      req.passOn();
      listener(req, res);
    },
  );
}

/** A server that lets clients take the answer they have been given. */
class PatientServer extends Server<typeof IncomingRequest, typeof OutgoingResponse> {
  readonly #open = new Set<Socket>();

  constructor(...options: ConstructorParameters<typeof Server<typeof IncomingRequest, typeof OutgoingResponse>>) {
    super(...options);
    this.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** `close` calls it, too. Node takes a connection for idle from the end of the answer on, whatever of it is still to go. */
  override closeIdleConnections(): void {
    const taking = [...this.#open].filter((socket) => socket.writableLength > 0);
    for (const socket of taking) socket.destroy = () => socket;
    super.closeIdleConnections();
    for (const socket of taking) Reflect.deleteProperty(socket, 'destroy');
  }
}
