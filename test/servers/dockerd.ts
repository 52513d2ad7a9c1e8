import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const patienceMs = 30_000;
const program = '/usr/sbin/dockerd';

/** A folder for an engine and everything it makes. @throws when there can be no engine, naming the remedy */
export function makeEngineFolder(): string {
  if (!existsSync(program) || process.getuid?.() !== 0) {
    throw new Error(
      'These tests start a Docker engine: install it (`apt-get update && apt-get install -y docker.io`) and run as root, ' +
        'name a running one in MCPNEST_TEST_DOCKER_SOCKET, or leave the tests out with MCPNEST_TEST_WITHOUT=docker.',
    );
  }
  return mkdtempSync(join(tmpdir(), 'mcpnest-docker-'));
}

export const socketIn = (folder: string): string => join(folder, 'docker.sock');

/** Start an engine in its folder; it may have run there before. @throws with its last words when it does not start */
export async function launchEngine(folder: string): Promise<void> {
  const log = openSync(join(folder, 'log'), 'w');
  const args = ['--host', `unix://${socketIn(folder)}`, '--data-root', join(folder, 'data')];
  const more = ['--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--bridge', 'none'];
  const server = spawn(program, [...args, ...more], { cwd: folder, stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  server.unref();
  const until = performance.now() + patienceMs;
  for (;;) {
    const said = readFileSync(join(folder, 'log'), 'utf8');
    if (said.includes('API listen on')) return;
    if (server.exitCode !== null || server.signalCode !== null || performance.now() > until) {
      await endEngine(folder);
      throw new Error(`The Docker engine did not start:\n${said.slice(-4000)}`);
    }
    await wait(50);
  }
}

/** End the engine of a folder with all its containers; the folder stays. */
export async function endEngine(folder: string): Promise<void> {
  const pidFile = join(folder, 'pid');
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  const until = performance.now() + patienceMs;
  if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGTERM');
  while (pid > 0 && isAlive(pid)) {
    if (performance.now() > until) process.kill(pid, 'SIGKILL');
    await wait(50);
  }
  rmSync(pidFile, { force: true });
}

/** Remove what an engine that has ended leaves behind. */
export function removeEngineFolder(folder: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.toReversed()) spawnSync('umount', ['-l', path], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A child that has ended and is not waited for yet.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
