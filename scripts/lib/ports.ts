import { createServer } from 'node:net';

/** Whether this process could listen there now. */
export async function isFree(host: string, port: number): Promise<boolean> {
  return (await tryListen(host, port)) !== undefined;
}

/** A loopback port nobody listens on; the preferred one when it is free. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree('127.0.0.1', preferred))) return preferred;
  const port = await tryListen('127.0.0.1', 0);
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
}

function tryListen(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(got));
    });
  });
}
