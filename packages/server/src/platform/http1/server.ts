import { createServer, type RequestListener, type Server } from 'node:http';
import { IncomingRequest, keepAliveMs, OutgoingResponse } from './server-messages.ts';

/** What serves a request that came in through `createHttpServer`. */
export type HttpListener = RequestListener<typeof IncomingRequest, typeof OutgoingResponse>;

/** Without listeners for `upgrade` and `connect`, Node serves an upgrade request as a plain one and ends a CONNECT. */
export function createHttpServer(listener: HttpListener): Server<typeof IncomingRequest, typeof OutgoingResponse> {
  return createServer(
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
    listener,
  );
}
