import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServeSettings } from '../config/settings.ts';
import { refusal } from './refusal.ts';

export type DoorSettings = Pick<ServeSettings, 'allowedHosts' | 'allowedOrigins' | 'token'>;

/**
 * What a request must have before anything of it is read: a Host that is meant (against DNS rebinding), no web origin
 * or an allowed one, and the bearer token where one is set.
 * @returns what checks a request. @throws Refusal 403 or 401
 */
export function createDoor({ allowedHosts, allowedOrigins, token }: DoorSettings): (req: IncomingMessage) => void {
  const digest = token === undefined ? undefined : sha256(token);
  return ({ headers }) => {
    if (allowedHosts !== undefined && !allowedHosts.includes(hostName(headers.host ?? ''))) {
      throw refusal(403, 'The Host header names another host. Add it to MCP_BRIDGE_ALLOWED_HOSTS if it is meant.');
    }
    const { origin } = headers;
    // Its own origin is that of nobody's page, once the Host is known to be meant.
    const isOwn = allowedHosts !== undefined && origin === `http://${headers.host}`;
    if (origin !== undefined && !isOwn && !allowedOrigins.includes(origin)) {
      throw refusal(403, 'This web origin may not call the bridge. Add it to MCP_BRIDGE_ALLOWED_ORIGINS if it may.');
    }
    if (digest === undefined) return;
    const [, given] = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? [];
    if (given === undefined || !timingSafeEqual(sha256(given), digest)) {
      throw refusal(401, 'A bearer token is needed.', { 'www-authenticate': 'Bearer' });
    }
  };
}

/** Digests have one length, so comparing them takes one time. */
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The host of a Host header, its port left out, lower-case. */
const hostName = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();
