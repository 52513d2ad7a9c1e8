import { isLoopback } from '../../config/config.ts';
import { UsageError } from '../fault.ts';

/**
 * A text as the URL of a gateway.
 * @throws UsageError when it cannot be one, or would carry the token in the clear
 */
export function gatewayUrl(text: string | undefined, allowHttp: true | undefined): URL {
  if (text === undefined) throw new UsageError('Say which gateway: --url https://mcp.example.com/api/gw/acme');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new UsageError('--url must begin with https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('--url must be an address only: no user name, no query, no fragment.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && allowHttp !== true) {
    throw new UsageError(
      `http:// would send the token to ${url.hostname} readable by anyone on the way. Use https://, or say --allow-http.`,
    );
  }
  return url;
}

/** What a client calls a gateway unless told otherwise: its workspace, and its server where it is of one. */
export function connectionName(url: URL): string {
  const [, slugs = ''] = /\/api\/gw\/([a-z0-9-]+(?:\/[a-z0-9-]+)?)\/?$/.exec(url.pathname) ?? [];
  return slugs === '' ? 'mcpnest' : slugs.replace('/', '-');
}
