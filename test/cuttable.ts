import { connect, createServer, type Socket } from 'node:net';
import { listen } from './upstreams/listen.ts';

/** A wire between a client and a server that can be cut, as a network does. */
export interface CuttableWire extends AsyncDisposable {
  readonly origin: string;
  /** Every connection that is open now goes down; new ones are carried. */
  cut(): void;
}

/** Carry connections to a port of this machine. */
export async function startCuttableWire(port: number): Promise<CuttableWire> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const base = await listen(server);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    origin: base.origin,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = base[Symbol.asyncDispose]();
      cut();
      await closed;
    },
  };
}
