import { isIP } from 'node:net';
import { conflict } from '../../domain/errors.ts';
import { isLoopbackName } from '../origin.ts';

/** Whom a passkey is for (W3C Web Authentication, section 5.4.2): the name of this server, and the page that may ask. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/**
 * The relying party of a request. Its name is that of the public URL; where that is only this machine, `localhost`.
 * @throws AppError `conflict` where the page was opened by an address, which no passkey can be for, with the remedy
 */
export function relyingParty(publicUrl: string, headers: Headers): RelyingParty {
  const own = new URL(publicUrl);
  if (!isLoopbackName(own.hostname)) {
    if (isIP(own.hostname.replace(/^\[|\]$/g, '')) === 0) return { id: own.hostname, origin: own.origin };
    throw conflict(
      'Passkeys belong to a name and this server is known by an address. Set MCPNEST_PUBLIC_URL to a name.',
    );
  }
  const port = own.port === '' ? '' : `:${own.port}`;
  const origin = `${own.protocol}//localhost${port}`;
  const asked = headers.get('origin');
  if (asked !== null && asked !== origin)
    throw conflict(`Passkeys belong to a name, and this page was opened by an address. Open ${origin} instead.`);
  return { id: 'localhost', origin };
}
