import { connect, createServer, type Socket } from 'node:net';
import { send } from '../http.ts';
import { listen } from '../upstreams/listen.ts';

export interface RoundRobin extends AsyncDisposable {
  readonly origin: string;
  /** The ports to share connections among, from now on. */
  serve(ports: readonly number[]): void;
}

/** How often each server is asked whether it is ready. */
const checkEveryMs = 100;

/** A load balancer as plain as they come: connections in turn to whoever is ready, and bytes as they are. */
export async function startRoundRobin(): Promise<RoundRobin> {
  const sockets = new Set<Socket>();
  let all: readonly number[] = [];
  let ports: readonly number[] = [];
  let turn = 0;
  const ready = (port: number): Promise<boolean> =>
    send(`http://127.0.0.1:${port}/readyz`, { method: 'GET' }).then(
      ({ status }) => status === 200,
      () => false,
    );
  const check = async (): Promise<void> => {
    const asked = all;
    const answers = await Promise.all(asked.map(ready));
    if (asked === all) ports = asked.filter((_, i) => answers[i]);
  };
  const checking = setInterval(() => void check(), checkEveryMs);
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const carry = (near: Socket, triesLeft: number): void => {
    const port = ports[turn++ % ports.length];
    if (port === undefined || triesLeft === 0) return void near.destroy();
    const far = keep(connect(port, '127.0.0.1'));
    let through = false;
    far.once('connect', () => {
      through = true;
      // Half-closed as the ends close, so that the last answer of a server that ends is delivered.
      near.pipe(far);
      far.pipe(near);
      near.once('close', () => far.destroy());
    });
    far.once('close', () => (through ? near.end() : carry(near, triesLeft - 1)));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => carry(keep(near), 4));
  const base = await listen(server);
  return {
    origin: base.origin,
    serve(now) {
      all = now;
      ports = now;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(checking);
      const closed = base[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
