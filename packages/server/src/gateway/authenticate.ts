import type { IncomingMessage } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import { unauthenticated } from '../domain/errors.ts';
import { hashToken, tokenPrefix } from '../domain/token.ts';
import type { Admission, Snapshots } from './snapshots.ts';

/**
 * Find out who calls, from the `Authorization` header alone.
 * @throws AppError `unauthenticated`
 */
export function authenticate(req: IncomingMessage, snapshots: Snapshots): Admission {
  const token = bearer(req.headers.authorization);
  if (token === undefined) throw unauthenticated('Send a gateway token: Authorization: Bearer mng_…');
  const prefix = tokenPrefix(token);
  if (prefix === 'mnk_') {
    throw unauthenticated('This is a control API key (mnk_); the gateway takes gateway tokens (mng_).');
  }
  if (prefix === undefined) throw unauthenticated('The token is not valid.');
  const hash = hashToken(token);
  const admission = snapshots.admit(hash);
  // The look-up compared hashes already; comparing again in constant time costs nothing and leaves no doubt.
  if (!timingSafeEqual(Buffer.from(hash), Buffer.from(admission.tokenHash)))
    throw unauthenticated('The token is not valid.');
  return admission;
}

function bearer(header: string | undefined): string | undefined {
  const match = /^Bearer +([^\s]+) *$/i.exec(header ?? '');
  return match?.[1];
}
