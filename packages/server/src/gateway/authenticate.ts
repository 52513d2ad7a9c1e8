import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { unauthenticated } from '../domain/errors.ts';
import { hashToken, tokenLength, tokenPrefix } from '../domain/token.ts';
import type { RequestHead } from './request-head.ts';
import type { Admission, Snapshots } from './snapshots.ts';

/**
 * What a connection presented last and was admitted with. A client sends the same header with every request, so most
 * are spared the hash; the snapshot is asked each time all the same, and a token that has been revoked is not in it.
 * The header is compared with what the same connection has sent before, so nothing can be learned by guessing, and it is
 * kept no longer than the connection.
 */
const presented = new WeakMap<Socket, { readonly header: string; readonly hash: string; readonly proven: Admission }>();

/**
 * Find out who calls, from the `Authorization` header alone.
 * @throws AppError `unauthenticated`
 */
export function authenticate(socket: Socket, { authorization }: RequestHead, snapshots: Snapshots): Admission {
  const before = presented.get(socket);
  if (before !== undefined && before.header === authorization) {
    const admission = snapshots.admit(before.hash);
    if (admission === before.proven) return admission;
  }
  const token = bearer(authorization);
  if (token === undefined) throw unauthenticated('Send a gateway token: Authorization: Bearer mng_…');
  const prefix = tokenPrefix(token);
  if (prefix === 'mnk_') {
    throw unauthenticated('This is a control API key (mnk_); the gateway takes gateway tokens (mng_).');
  }
  if (prefix === undefined) throw unauthenticated('The token is not valid.');
  const hash = hashToken(token);
  const admission = snapshots.admit(hash);
  // The look-up compared hashes already; comparing again in constant time costs nothing and leaves no doubt.
  if (!timingSafeEqual(Buffer.from(hash, 'latin1'), admission.tokenHash))
    throw unauthenticated('The token is not valid.');
  presented.set(socket, { header: authorization!, hash, proven: admission });
  return admission;
}

function bearer(header: string | undefined): string | undefined {
  // As nearly every client writes it.
  if (header?.length === 7 + tokenLength && header.startsWith('Bearer ')) return header.slice(7);
  return /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
}
