import { createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

/** Accepts connections and then neither reads nor writes. */
export async function startSilentUpstream(): Promise<
  { url: string; port: number; connections(): number } & AsyncDisposable
> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  const base = await listen(server);
  return {
    url: `${base.origin}/mcp`,
    port: base.port,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await base[Symbol.asyncDispose]();
    },
  };
}
