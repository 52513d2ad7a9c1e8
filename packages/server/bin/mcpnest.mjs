#!/usr/bin/env node
// Runs the command line on Node 24. Plain JavaScript, because an older Node must be able to read it.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const entry = join(here, '..', 'src', 'cli.ts');
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 15)) {
  await import(pathToFileURL(entry).href);
} else {
  const pinned = findPinnedNode(join(here, '..', '..', '..', '.runtime', 'node_modules'));
  if (pinned === undefined) {
    process.stderr.write(
      `error: MCPNest needs Node 24.15 or newer; this is ${process.versions.node}.\n` +
        'hint: run `npm start` once in the repository, which fetches it, or install it from https://nodejs.org\n',
    );
    process.exitCode = 1;
  } else {
    const child = spawn(pinned, [entry, ...process.argv.slice(2)], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('error', (error) => {
      process.stderr.write(`error: ${pinned} does not start: ${error.message}\n`);
      process.exitCode = 1;
    });
    child.on('exit', (code, signal) => {
      process.exitCode = signal === null ? code : 1;
    });
  }
}

function findPinnedNode(folder) {
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder).filter((name) => name.startsWith('node-'));
  return names.map((name) => join(folder, name, 'bin', 'node')).find((path) => existsSync(path));
}
