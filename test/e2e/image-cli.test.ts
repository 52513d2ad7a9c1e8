import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { mcpnest } from '../cli.ts';

const environment = { PATH: process.env['PATH'] ?? '', HOME: '/nowhere' };

describe('mcpnest image build', () => {
  it('[ORC-02] builds entries of the catalogue and nothing else', async () => {
    for (const [args, reason] of [
      [[], /Name entries, or --all\. The catalogue has filesystem, github/],
      [['alpine'], /The catalogue has no entry alpine\. It has filesystem/],
      [['../memory'], /has no entry/],
      [['memory', '--output', 'registry'], /Allowed choices are engine, tar/],
    ] as const) {
      const { code, out, err } = await mcpnest(['image', 'build', ...args], environment);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(reason);
    }
  });

  it('[ORC-03] asks for the engine before it builds, and says what to do where there is none', async () => {
    const socket = join(tmpdir(), 'no-engine.sock');
    const { code, err } = await mcpnest(['image', 'build', 'memory', '--socket', socket], environment);
    expect(code).toBe(1);
    expect(err).toMatch(
      /The container engine at .*no-engine\.sock cannot be reached .*ENOENT.*--output tar needs none/,
    );
  });
});
