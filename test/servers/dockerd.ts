import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const startTimeoutMs = 30_000;

export interface Dockerd extends AsyncDisposable {
  readonly socketPath: string;
  /** Where the engine keeps everything. */
  readonly dataRoot: string;
  /** As after a crash of the machine: the engine and all containers are gone at once, then the engine is back. */
  restart(): Promise<void>;
}

/**
 * A Docker engine of its own in a temporary folder, which ends with all its containers when disposed.
 * @throws when it is not installed or may not run, naming the remedy
 */
export async function startDockerd(): Promise<Dockerd> {
  if (!existsSync('/usr/sbin/dockerd') || process.getuid?.() !== 0) {
    throw new Error(
      'These tests start a Docker engine: install it (`apt-get update && apt-get install -y docker.io`) and run as root, ' +
        'name a running one in MCPNEST_TEST_DOCKER_SOCKET, or leave the tests out with MCPNEST_TEST_WITHOUT=docker.',
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-docker-'));
  const socketPath = join(folder, 'docker.sock');
  const dataRoot = join(folder, 'data');
  let stop = await launch(folder, socketPath, dataRoot);
  return {
    socketPath,
    dataRoot,
    restart: async () => {
      await stop();
      stop = await launch(folder, socketPath, dataRoot);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(folder: string, socketPath: string, dataRoot: string): Promise<() => Promise<void>> {
  const args = ['--host', `unix://${socketPath}`, '--data-root', dataRoot, '--exec-root', join(folder, 'exec')];
  const server = spawn('/usr/sbin/dockerd', [...args, '--pidfile', join(folder, 'pid'), '--bridge', 'none'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  server.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-8_000)));
  const exited = once(server, 'exit');
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGTERM');
    await exited;
    unmountLeftovers(folder);
  };
  const until = performance.now() + startTimeoutMs;
  while (!output.includes('API listen on')) {
    if (server.exitCode !== null || performance.now() > until) {
      await stop();
      throw new Error(`The Docker engine did not start:\n${output}`);
    }
    await wait(50);
  }
  return stop;
}

/** Mounts an engine leaves behind would keep its folder from being removed. */
function unmountLeftovers(folder: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.reverse()) spawn('umount', ['-l', path], { stdio: 'ignore' });
}
