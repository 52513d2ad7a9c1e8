import type { Dialer } from './dialer.ts';

/**
 * Ask a bridge whether it serves: `GET /healthz`, of which only the status is read.
 * @param host the name it is to be asked for under
 * @returns false for anything but a 200 in time
 */
export type HealthProbe = (
  endpoint: { readonly host: string; readonly port: number },
  host: string,
) => Promise<boolean>;

const timeoutMs = 2_000;
const statusLine = /^HTTP\/1\.[01] 200 /;

/** Over the one dialer, which lets through exactly the endpoint that the runtime named. */
export function createHealthProbe(dialer: Dialer): HealthProbe {
  return async (endpoint, host) => {
    try {
      const target = { secure: false, hostname: endpoint.host, port: String(endpoint.port) };
      const socket = await dialer.dial(target, () => [endpoint]);
      return await new Promise<boolean>((resolve) => {
        let head = '';
        const end = (healthy: boolean): void => {
          resolve(healthy);
          socket.destroy();
        };
        socket.setTimeout(timeoutMs, () => end(false));
        socket.once('error', () => end(false)).once('close', () => end(false));
        socket.on('data', (chunk: Buffer) => {
          head += chunk.toString('latin1', 0, 64);
          if (head.length >= 13) end(statusLine.test(head));
        });
        socket.write(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      });
    } catch {
      return false;
    }
  };
}
