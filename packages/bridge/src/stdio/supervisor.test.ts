import { expect, it } from 'vitest';
import { hostileCommand, until } from '../../../../test/bridge.ts';
import { startBridge } from '../bridge.ts';
import { readSettings } from '../config/settings.ts';
import { createLog } from '../log.ts';
import { ProcessGroups } from './child.ts';

const base = {
  PATH: process.env['PATH'],
  MCP_COMMAND: hostileCommand,
  MCP_BRIDGE_PORT: '0',
  MCP_BRIDGE_GRACE_MS: '200',
};

function start(env: Record<string, string>, plan: { firstMs: number; mostMs: number; stableMs: number }) {
  const lines: { msg: string; time: string }[] = [];
  const log = createLog((line) => lines.push(JSON.parse(line) as { msg: string; time: string }));
  const groups = new ProcessGroups();
  const bridge = startBridge({ settings: readSettings({ ...base, ...env }), log, groups, plan });
  const times = (msg: string): number[] => lines.filter((line) => line.msg === msg).map(({ time }) => Date.parse(time));
  return { bridge, times };
}

it('[edge 75] restarts a crashing child with growing pauses, up to the longest, and gives up in the end', async () => {
  const env = { MCP_ENV_HOSTILE_CRASH_MS: '1', MCP_BRIDGE_MAX_RESTARTS: '4' };
  const { bridge, times } = start(env, { firstMs: 200, mostMs: 600, stableMs: 60_000 });
  const { gaveUp, stop } = await bridge;
  await gaveUp;
  const ended = times('the server ended');
  const opened = times('the server is open');
  expect([ended.length, opened.length]).toEqual([5, 5]);
  const pauses = [0, 1, 2, 3].map((i) => opened[i + 1]! - ended[i]!);
  for (const [i, least] of [200, 400, 600, 600].entries()) {
    expect(pauses[i]).toBeGreaterThanOrEqual(least - 5);
    expect(pauses[i]).toBeLessThan(least + 5_000);
  }
  await stop();
});

it('[edge 75] a child that lived long enough has not crashed in a loop', async () => {
  const env = { MCP_ENV_HOSTILE_CRASH_MS: '400', MCP_BRIDGE_MAX_RESTARTS: '1' };
  const { bridge, times } = start(env, { firstMs: 10, mostMs: 10, stableMs: 20 });
  const { gaveUp, stop } = await bridge;
  let over = false;
  void gaveUp.then(() => (over = true));
  await until(() => times('the server ended').length >= 4, 'it has ended four times', 20_000);
  expect(over).toBe(false);
  await stop();
});

it('stops in the middle of a start', async () => {
  const stopping = new AbortController();
  const log = createLog(() => undefined);
  const env = { ...base, MCP_ENV_HOSTILE_HANDSHAKE_MS: '60000' };
  const starting = startBridge({
    settings: readSettings(env),
    log,
    groups: new ProcessGroups(),
    signal: stopping.signal,
  });
  setTimeout(() => stopping.abort(), 200);
  await expect(starting).rejects.toThrow('did not start');
});
