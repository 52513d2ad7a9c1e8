import { createServer, request } from 'node:http';
import { listen } from '../upstreams/listen.ts';

/**
 * Stands between the conformance tool, which cannot send a token, and the gateway: adds the token and changes
 * nothing else. Host and Origin pass as they are, or the DNS-rebinding scenario would test the hop.
 * @param target the gateway's endpoint
 */
export async function startHeaderHop(target: string, token: string): Promise<{ url: string } & AsyncDisposable> {
  const to = new URL(target);
  const server = createServer((req, res) => {
    const onward = request(
      {
        host: to.hostname,
        port: to.port,
        path: to.pathname,
        method: req.method,
        headers: { ...req.headers, authorization: `Bearer ${token}` },
      },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
        res.on('close', () => answer.destroy());
      },
    );
    onward.on('error', () => res.destroy());
    req.pipe(onward);
    res.on('close', () => onward.destroy());
  });
  const base = await listen(server);
  return { url: `${base.origin}${to.pathname}`, [Symbol.asyncDispose]: () => base[Symbol.asyncDispose]() };
}
