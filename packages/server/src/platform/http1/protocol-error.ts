/** A peer broke the rules of HTTP/1.1 (RFC 9112). What it said after that has no meaning any more. */
export class HttpProtocolError extends Error {
  override readonly name = 'HttpProtocolError';
}
