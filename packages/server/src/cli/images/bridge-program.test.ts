import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { bridgeProgram } from './bridge-program.ts';

const bridge = join(import.meta.dirname, '../../../../bridge');

it('[BRG-08] is the bridge without its types: it starts on plain Node, and every line is where it was', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-bridge-program-'));
  try {
    const entries = bridgeProgram(bridge, 'opt/bridge').entries();
    for (const [path, node] of entries) {
      if (node.kind !== 'file') continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), node.read());
    }
    expect(entries.filter(([path]) => /\.ts$|test/.test(path))).toEqual([]);
    const lines = (file: string): number => readFileSync(file, 'utf8').split('\n').length;
    expect(lines(join(folder, 'opt/bridge/src/stdio/channel.js'))).toBe(lines(join(bridge, 'src/stdio/channel.ts')));
    const program = join(folder, 'opt/bridge/bin/mcpnest-bridge.mjs');
    const start = () =>
      execFileSync(process.execPath, ['--no-strip-types', program], {
        env: { MCP_COMMAND: 'there-is-no-such-server' },
        stdio: 'pipe',
        encoding: 'utf8',
      });
    expect(start).toThrow(/error: The server did not start: .*ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
