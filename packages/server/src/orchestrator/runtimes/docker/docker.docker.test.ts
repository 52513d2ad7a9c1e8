import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { engineJson } from '../../../../../../test/servers/docker-image.ts';
import { openDockerTest, type DockerTest } from '../../../../../../test/servers/docker-tests.ts';
import { askProbe, probeSecrets, probeSpec, probeToken } from '../../../../../../test/servers/hosted-probe.ts';
import { createLog } from '../../../platform/log.ts';
import type { LogLine } from '../runtime.ts';
import { createDockerRuntime } from './docker.ts';

const socketPath = inject('dockerSocket');
let test: DockerTest;

beforeAll(async () => {
  test = await openDockerTest(socketPath);
});
afterEach(async () => await test.removeAll());
afterAll(async () => await test[Symbol.asyncDispose]());

async function linesOf(instanceId: string, tail = 50): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const wanted = { tail, follow: false };
  for await (const line of test.runtime.logs(instanceId, wanted, AbortSignal.timeout(5000))) lines.push(line);
  return lines;
}

interface Stats {
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
}
const statsOf = async (instanceId: string): Promise<string> =>
  `/containers/${(await test.inspect('workload', instanceId)).Id}/stats?stream=false&one-shot=true`;

describe('the life of an instance', () => {
  it('[ORC-01] is started with its secrets, answers at its endpoint, is measured, stops, starts again and is gone', async () => {
    const { runtime } = test;
    const { spec, ...started } = await test.start();
    expect(started).toMatchObject({ instanceId: spec.instanceId, workspaceId: spec.workspaceId, specHash: spec.hash });
    expect(started).toMatchObject({ state: 'running', exitCode: null, endpoint: { host: '127.0.0.1' } });
    expect(await askProbe(started.endpoint, 'return [globalThis.secrets.command, process.env.CANARY]')).toEqual([
      ['probe'],
      probeToken,
    ]);
    expect(await runtime.list()).toEqual([started]);

    const usage = await runtime.usage(spec.instanceId);
    expect(usage?.cpuSeconds).toBeGreaterThan(0);
    expect(usage?.memoryBytes).toBeGreaterThan(5_000_000);
    expect(usage?.pids).toBeGreaterThan(1);

    await runtime.stop(spec.instanceId, 5000);
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 0, endpoint: null }]);
    expect(await runtime.usage(spec.instanceId)).toBeNull();

    const again = await runtime.start(spec, probeSecrets);
    expect(await askProbe(again.endpoint, 'return process.env.CANARY')).toBe(probeToken);

    await runtime.remove(spec.instanceId);
    expect([await runtime.list(), await test.left()]).toEqual([[], []]);
  });

  it('keeps what the server said, with long lines cut, and follows until it is told to stop', async () => {
    const { endpoint, instanceId, startedAt } = await test.start();
    await askProbe(endpoint, `console.error('to the other stream'); console.log('x'.repeat(60_000));`);
    const lines = await linesOf(instanceId);
    expect(lines.map(({ stream, text }) => [stream, text.slice(0, 20), text.length])).toEqual([
      ['stdout', 'probe is ready', 14],
      ['stderr', 'to the other stream', 19],
      ['stdout', 'x'.repeat(20), 8192],
    ]);
    expect(Date.parse(lines[0]?.at ?? '')).toBeGreaterThan(Date.parse(startedAt ?? ''));
    expect(await linesOf(instanceId, 1)).toHaveLength(1);

    const enough = new AbortController();
    const followed: string[] = [];
    const following = (async () => {
      for await (const { text } of test.runtime.logs(instanceId, { tail: 0, follow: true }, enough.signal)) {
        followed.push(text);
        enough.abort();
      }
    })();
    await askProbe(endpoint, `setInterval(() => console.log('later'), 50)`);
    await expect(following).rejects.toThrow(/abort/i);
    expect(followed[0]).toBe('later');
  });

  it('gives work its grace and no more', async () => {
    const { endpoint, instanceId } = await test.start();
    await askProbe(endpoint, `process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {})`);
    const began = performance.now();
    await test.runtime.stop(instanceId, 1000);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(await test.runtime.list()).toMatchObject([{ state: 'exited', exitCode: 137 }]);
    await test.runtime.stop(instanceId, 1000);
  });
});

describe('repeated at any point', () => {
  it('leaves alone what runs as it should and replaces what has another specification', async () => {
    const { spec, ...first } = await test.start();
    expect(await test.runtime.start(spec, probeSecrets)).toEqual(first);
    const changed = probeSpec(test.image, { ...spec, memoryBytes: 96 * 1024 ** 2 });
    const second = await test.runtime.start(changed, probeSecrets);
    expect(second).toMatchObject({ state: 'running', specHash: changed.hash });
    expect((await test.inspect('workload', spec.instanceId)).HostConfig.Memory).toBe(changed.memoryBytes);
    expect(await test.runtime.list()).toHaveLength(1);
  });

  it('mends whatever part is missing, and lists what a cut-off start or removal has left so that it can be removed', async () => {
    const { spec } = await test.start();
    const gate = await test.inspect('gate', spec.instanceId);
    const workload = await test.inspect('workload', spec.instanceId);
    const gone = async (id: string) => await engineJson(socketPath, 'DELETE', `/containers/${id}?force=1`);

    await gone(gate.Id);
    expect(await test.runtime.list()).toMatchObject([{ state: 'exited', exitCode: null, endpoint: null }]);
    const mended = await test.runtime.start(spec, probeSecrets);
    expect(await askProbe(mended.endpoint, 'return 1')).toBe(1);
    expect((await test.inspect('workload', spec.instanceId)).Id).toBe(workload.Id);

    await gone(workload.Id);
    const remains = { instanceId: spec.instanceId, workspaceId: spec.workspaceId, specHash: '', state: 'created' };
    expect(await test.runtime.list()).toMatchObject([remains]);
    await gone((await test.inspect('gate', spec.instanceId)).Id);
    expect(await test.runtime.list()).toMatchObject([remains]);
    const again = await test.runtime.start(spec, probeSecrets);
    expect(await askProbe(again.endpoint, 'return 1')).toBe(1);

    await gone(workload.Id);
    await test.runtime.remove(spec.instanceId);
    await test.runtime.remove(spec.instanceId);
    expect(await test.left()).toEqual([]);
  });

  it('starts anew what was ended together with everything else', async () => {
    const { spec } = await test.start();
    for (const role of ['workload', 'gate'] as const) {
      const { Id } = await test.inspect(role, spec.instanceId);
      await engineJson(socketPath, 'POST', `/containers/${Id}/kill`);
    }
    expect(await test.runtime.list()).toMatchObject([{ state: 'exited', exitCode: 137, endpoint: null }]);
    const again = await test.runtime.start(spec, probeSecrets);
    expect(await askProbe(again.endpoint, 'return process.env.CANARY')).toBe(probeToken);
  });

  it('starts and removes many at once', async () => {
    const started = await Promise.all(Array.from({ length: 4 }, () => test.start()));
    for (const { endpoint } of started) expect(await askProbe(endpoint, 'return 1')).toBe(1);
    expect(new Set(started.map(({ endpoint }) => endpoint?.port)).size).toBe(4);
    await Promise.all(started.map(({ instanceId }) => test.runtime.remove(instanceId)));
    expect(await test.left()).toEqual([]);
  });
});

describe('an instance that rests', () => {
  it('stands still, keeps what it has in memory, and goes on there', async () => {
    const { spec, endpoint } = await test.start();
    const { instanceId } = spec;
    await askProbe(endpoint, 'globalThis.kept = 1; setInterval(() => globalThis.kept++, 10)');
    await test.runtime.rest(instanceId);
    expect((await test.inspect('gate', instanceId)).State.Status).toBe('running');
    const used = async () => (await engineJson(socketPath, 'GET', await statsOf(instanceId))).body as Stats;
    const before = (await used()).cpu_stats.cpu_usage.total_usage;
    await wait(1_000);
    expect((await used()).cpu_stats.cpu_usage.total_usage).toBe(before);
    const again = await test.runtime.start(spec, probeSecrets);
    expect(await askProbe(again.endpoint, 'return globalThis.kept')).toBeGreaterThan(0);
  });

  it('is mended where its gate is gone, and goes on', async () => {
    const { spec, endpoint } = await test.start();
    await askProbe(endpoint, 'globalThis.kept = 1');
    await test.runtime.rest(spec.instanceId);
    const gate = await test.inspect('gate', spec.instanceId);
    await engineJson(socketPath, 'DELETE', `/containers/${gate.Id}?force=1`);
    expect(await test.runtime.list()).toMatchObject([{ state: 'paused', endpoint: null }]);
    const again = await test.runtime.start(spec, probeSecrets);
    expect(await askProbe(again.endpoint, 'return globalThis.kept')).toBe(1);
  });

  it('is removed where there is nothing that could be kept', async () => {
    const { spec } = await test.start();
    await test.runtime.stop(spec.instanceId, 0);
    await test.runtime.rest(spec.instanceId);
    expect([await test.runtime.list(), await test.left()]).toEqual([[], []]);
  });

  it('is out of reach while somebody has paused its gate, and is mended', async () => {
    const { spec } = await test.start();
    const gate = await test.inspect('gate', spec.instanceId);
    await engineJson(socketPath, 'POST', `/containers/${gate.Id}/pause`);
    expect(await test.runtime.list()).toMatchObject([{ state: 'exited', exitCode: null, endpoint: null }]);
    const again = await test.runtime.start(spec, probeSecrets);
    expect(await askProbe(again.endpoint, 'return process.env.CANARY')).toBe(probeToken);
  });
});

describe('what is not ours', () => {
  it('neither shows nor touches objects of another installation or of nobody, whatever their names', async () => {
    await using other = await openDockerTest(socketPath);
    const theirs = await other.start();
    expect(await test.runtime.list()).toEqual([]);
    await test.runtime.remove(theirs.instanceId);
    expect(await askProbe(theirs.endpoint, 'return 1')).toBe(1);

    const { spec } = await test.start();
    const { Id, Name } = await test.inspect('workload', spec.instanceId);
    await engineJson(socketPath, 'DELETE', `/containers/${Id}?force=1`);
    const squatter = { Image: test.image.digest, Labels: { 'mcpnest.install': other.install } };
    const made = await engineJson(socketPath, 'POST', `/containers/create?name=${Name.slice(1)}`, squatter);
    for (const verb of [
      () => test.runtime.start(spec, probeSecrets),
      () => test.runtime.rest(spec.instanceId),
      () => test.runtime.stop(spec.instanceId, 0),
      () => test.runtime.remove(spec.instanceId),
    ]) {
      await expect(verb()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('rename') });
    }
    expect((await engineJson(socketPath, 'DELETE', `/containers/${(made.body as { Id: string }).Id}`)).status).toBe(
      204,
    );
  });
});

describe('faults', () => {
  it('says what to do when there is no engine', async () => {
    const options = { socketPath: `/tmp/${randomUUID()}.sock`, install: 'x', gateImage: test.image.digest };
    await using away = createDockerRuntime(options, createLog('silent'));
    await expect(away.list()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('MCPNEST_DOCKER_SOCKET'),
    });
  });

  it('ends at once when its caller does', async () => {
    await expect(test.runtime.list(AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});
