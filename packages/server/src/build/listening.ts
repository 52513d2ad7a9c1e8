import { once } from 'node:events';
import { chmodSync, statSync, unlinkSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { isLoopback, type Config } from '../config/config.ts';
import type { Control } from '../control/app.ts';
import { unavailable } from '../domain/errors.ts';
import { isAnswered } from '../platform/orchestrator-call/client.ts';

/** Host names without port; every loopback name as well where no public name is configured. */
export function gatewayHosts({ host, publicUrl, allowedHosts }: Config): Set<string> {
  const names = [host, ...allowedHosts.map((entry) => new URL(`http://${entry}`).hostname)];
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname);
  if (publicUrl === undefined || isLoopback(host)) names.push('localhost', '127.0.0.1', '::1');
  return new Set(names.map((name) => name.replace(/^\[|\]$/g, '').toLowerCase()));
}

/**
 * Listen as configured.
 * @returns the URL it is reached at from this machine
 * @throws AppError `unavailable` that names the remedy
 */
export async function listen(server: Server, { host, port }: Config): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = listenProblems[(cause as NodeJS.ErrnoException).code ?? ''] ?? 'cannot be listened on.';
    throw unavailable(`${host}:${port} ${why}`, { cause });
  }
  const { address, family, port: actual } = server.address() as AddressInfo;
  // Listening everywhere includes here, and "everywhere" is not an address to connect to.
  const name = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${name}:${actual}`;
}

/**
 * Listen on a unix socket that owner and group of its folder may use.
 * @returns it as a URL
 * @throws AppError `unavailable` when the folder lets others in, or another process answers there
 */
export async function listenOnSocket(server: Server, path: string): Promise<string> {
  const folder = dirname(path);
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode;
  if (mode === undefined)
    throw unavailable(`The folder ${folder} of MCPNEST_ORCHESTRATOR_SOCKET is not there: make it.`);
  if ((mode & 0o007) !== 0) {
    throw unavailable(`The folder ${folder} of MCPNEST_ORCHESTRATOR_SOCKET is open to every user: chmod o= ${folder}`);
  }
  // What a killed process left behind; one that lives answers.
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true && !(await isAnswered(path))) unlinkSync(path);
  server.listen(path);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw unavailable(
      `The socket ${path} cannot be listened on. Stop what does so already, and give its folder to the user of the orchestrator.`,
      { cause },
    );
  }
  chmodSync(path, 0o660);
  return `unix:${path}`;
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use. Stop what listens there, or choose another port with MCPNEST_PORT.',
  EACCES: 'is not permitted to this user. Choose a port above 1023 with MCPNEST_PORT.',
  EADDRNOTAVAIL: 'is not an address of this machine. Set MCPNEST_HOST to one that is.',
  ENOTFOUND: 'cannot be resolved. Set MCPNEST_HOST to an address of this machine.',
};

/** Free where only programs of this machine can ask; elsewhere any valid control key will do. */
export async function mayReadMetrics(req: IncomingMessage, config: Config, control: Control): Promise<boolean> {
  const host = req.headers.host ?? '';
  const local =
    isLoopback(config.host) && (config.publicUrl === undefined || isLoopback(new URL(config.publicUrl).hostname));
  if (local && isLoopback(host.replace(/:\d+$/, ''))) return true;
  const { authorization } = req.headers;
  if (authorization === undefined || !URL.canParse(`http://${host}`)) return false;
  const probe = new Request(new URL('/api/v1/instance', `http://${host}`), { headers: { authorization } });
  return (await control.fetch(probe)).status === 200;
}
