import { describe, expect, it } from 'vitest';
import type { LogLine } from '../runtime.ts';
import { logLines } from './log-lines.ts';
import { newestPod, observe, whyNotStarting } from './observe.ts';
import type { Pod } from './resources.ts';
import { createUsageMeter, parseQuantity } from './usage.ts';

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const source = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  })();
  for await (const line of logLines(source)) lines.push(line);
  return lines;
}

const pod = (state: object, more: object = {}): Pod => ({
  metadata: { name: 'p' },
  status: { phase: 'Running', containerStatuses: [{ name: 'bridge', state }], ...more },
});
const job = { metadata: { name: 'j', labels: { 'mcpnest.io/instance': 'i', 'mcpnest.io/workspace': 'w' } } };

describe('logLines', () => {
  it('[HST-07] cuts lines wherever the chunks are cut, and drops what has no time', async () => {
    const text = Buffer.from(
      '2026-01-02T03:04:05.123456789Z grüß\n2026-01-02T03:04:06Z\nno time\n2026-01-02T03:04:07Z end',
    );
    for (let at = 1; at < text.length; at += 1) {
      expect(await linesOf(text.subarray(0, at), text.subarray(at))).toEqual([
        { at: '2026-01-02T03:04:05.123Z', stream: 'stdout', text: 'grüß' },
        { at: '2026-01-02T03:04:06.000Z', stream: 'stdout', text: '' },
        { at: '2026-01-02T03:04:07.000Z', stream: 'stdout', text: 'end' },
      ]);
    }
  });

  it('keeps 8 KiB of a line, between characters', async () => {
    const chunk = '€'.repeat(4_000);
    const [line, next] = await linesOf('2026-01-02T03:04:05Z ', chunk, chunk, chunk, '\n2026-01-02T03:04:06Z next\n');
    expect(line!.text).toBe('€'.repeat(Math.floor(8192 / 3)));
    expect(next!.text).toBe('next');
  });
});

describe('observe', () => {
  it.each([
    ['created', undefined],
    ['created', pod({ waiting: { reason: 'ContainerCreating' } })],
    ['running', pod({ running: { startedAt: '2026-01-02T03:04:05Z' } })],
    ['exited', pod({ terminated: { exitCode: 1 } })],
    ['exited', pod({ waiting: {} }, { phase: 'Failed', reason: 'Evicted' })],
    ['exited', { ...pod({ running: {} }), metadata: { name: 'p', deletionTimestamp: '2026-01-02T03:04:05Z' } }],
  ] as const)('[ORC-10] is %s', (state, found) => {
    expect(observe(job, found, undefined)).toMatchObject({ state, endpoint: null, instanceId: 'i', workspaceId: 'w' });
  });

  it('takes the newest pod and says what keeps it from starting', () => {
    const at = (name: string, creationTimestamp: string): Pod => ({ metadata: { name, creationTimestamp } });
    expect(newestPod([at('b', '2026-01-02T00:00:00Z'), at('a', '2026-01-01T00:00:00Z')])?.metadata.name).toBe('b');
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
    expect(whyNotStarting({ metadata: { name: 'p' }, status: { conditions } })).toMatch(/room/);
    expect(whyNotStarting(pod({ waiting: { reason: 'InvalidImageName' } }))).toMatch(/name of the image/);
    expect(whyNotStarting(pod({ waiting: { reason: 'ContainerCreating' } }))).toBeUndefined();
  });
});

describe('createUsageMeter', () => {
  it('[HST-13] sums up samples, each once, and forgets pods that are gone', () => {
    const meter = createUsageMeter();
    const sample = (second: number, cpu: string) => ({
      timestamp: `2026-01-02T03:04:${second}Z`,
      window: '15s',
      containers: [{ name: 'bridge', usage: { cpu, memory: '64Mi' } }],
    });
    expect(meter.add('u', sample(10, '200m'))).toEqual({ cpuSeconds: 3, memoryBytes: 67_108_864, pids: null });
    expect(meter.add('u', sample(10, '200m'))?.cpuSeconds).toBe(3);
    expect(meter.add('u', sample(20, '500000000n'))?.cpuSeconds).toBe(8);
    meter.keep(new Set());
    expect(meter.add('u', sample(30, '1'))?.cpuSeconds).toBe(15);
    expect(meter.add('u', { ...sample(30, 'much'), window: '' })).toBeNull();
  });

  it('reads quantities', () => {
    expect(['1', '250m', '2Ki', '1.5G', '3e2', '5n'].map(parseQuantity)).toEqual([1, 0.25, 2048, 1.5e9, 300, 5e-9]);
    expect(['', 'x', '1 Mi', '-1', '0x1'].map(parseQuantity)).toEqual(Array.from({ length: 5 }));
  });
});
