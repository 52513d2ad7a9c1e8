import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { until } from '../../../../../../test/bridge.ts';
import { allowedBy, type AccessRule } from '../../../../../../test/servers/kubernetes/access-rules.ts';
import { startStandInCluster, type StandInCluster } from '../../../../../../test/servers/kubernetes/api-server.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { LogLine, ObservedWorkload, Runtime, WorkloadSecrets, WorkloadSpec } from '../runtime.ts';
import { openKubernetesRuntime } from './kubernetes.ts';

const rulesFile = new URL('../../../../../../deploy/helm/mcpnest/files/orchestrator-rules.yaml', import.meta.url);
const rules = parse(readFileSync(rulesFile, 'utf8')) as AccessRule[];
const hostile = new URL('../../../../../../test/upstreams/hostile-stdio.ts', import.meta.url).pathname;
const canary = 'canary-7c1f0e9b52';
const token = 'token-of-this-instance-0123456789';
const secrets: WorkloadSecrets = { command: [process.execPath, hostile], env: { CANARY: canary }, token };

let serial = 0;
const specOf = (more: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  instanceId: `instance-${(serial += 1)}`,
  workspaceId: 'workspace-a',
  image: { name: 'mcpnest/everything', digest: `sha256:${'a'.repeat(64)}` },
  cpus: 0.25,
  memoryBytes: 256 * 1024 * 1024,
  pids: 128,
  scratch: [{ path: '/tmp', bytes: 64 * 1024 * 1024 }],
  egress: [],
  forwards: [],
  settings: { MCP_BRIDGE_SESSIONS: 'shared', MCP_BRIDGE_GRACE_MS: '300' },
  hash: 'b'.repeat(64),
  ...more,
});

let cluster: StandInCluster;
let runtime: Runtime;
const open = (install = 'install-1'): Runtime =>
  openKubernetesRuntime({
    access: { url: cluster.url, token: () => cluster.token },
    clock: systemClock,
    install,
    namespace: 'mcpnest-hosted',
    gatewayNamespace: 'mcpnest',
    pods: { runtimeClass: undefined, userNamespaces: false },
  });

beforeAll(async () => {
  cluster = await startStandInCluster(rules);
  runtime = open();
});
afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const seen = async (instanceId: string, from = runtime): Promise<ObservedWorkload | undefined> =>
  (await from.list()).find((one) => one.instanceId === instanceId);
const podOf = (instanceId: string) =>
  cluster.store.all('pods').find(({ metadata }) => metadata.labels?.['mcpnest.io/instance'] === instanceId)!;

async function toolsOf({ endpoint }: ObservedWorkload, bearer = token): Promise<Response> {
  const url = `http://${endpoint!.host}:${endpoint!.port}/tools/list`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
  await until(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    'the endpoint answers',
  );
  return fetch(url, { method: 'POST', headers, body: '{}' });
}

describe('a workload in the stand-in cluster', () => {
  it('[ORC-01] [ORC-07] starts the bridge, which serves at the address of its Service and nobody without its token', async () => {
    const spec = specOf();
    const observed = await runtime.start(spec, secrets);
    expect(observed).toMatchObject({ state: 'running', specHash: spec.hash, exitCode: null, outOfMemory: false });
    const answer = await toolsOf(observed);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.json())).toContain('"tools"');
    expect((await toolsOf(observed, 'another-token-0123456789')).status).toBe(401);
    expect(await seen(spec.instanceId)).toEqual(observed);
    await runtime.remove(spec.instanceId);
  });

  it('[ORC-10] leaves one that runs alone, replaces one with another spec, and says how one has ended', async () => {
    const spec = specOf();
    await runtime.start(spec, secrets);
    const first = podOf(spec.instanceId).metadata.uid;
    await runtime.start(spec, secrets);
    expect(podOf(spec.instanceId).metadata.uid).toBe(first);

    const other = { ...spec, hash: 'c'.repeat(64) };
    await runtime.start(other, secrets);
    await until(async () => (await seen(spec.instanceId))?.state === 'running', 'the other runs');
    expect((await seen(spec.instanceId))?.specHash).toBe(other.hash);
    await until(() => cluster.store.all('pods').every(({ metadata }) => metadata.uid !== first), 'the first is gone');

    cluster.process(podOf(spec.instanceId).metadata.name)!.killForMemory();
    await until(async () => (await seen(spec.instanceId))?.state === 'exited', 'its end is seen');
    expect(await seen(spec.instanceId)).toMatchObject({ exitCode: 137, outOfMemory: true, endpoint: null });

    await runtime.start(other, secrets);
    await until(async () => (await seen(spec.instanceId))?.state === 'running', 'it runs again');
    await runtime.stop(spec.instanceId, 1_000);
    expect(await seen(spec.instanceId)).toMatchObject({ state: 'exited', exitCode: null, outOfMemory: false });
    await runtime.remove(spec.instanceId);
  });

  it('[HST-08] removes everything, the policy with the last of the workspace, and may be asked again', async () => {
    const [a, b] = [specOf({ workspaceId: 'workspace-b' }), specOf({ workspaceId: 'workspace-b' })];
    await runtime.start(a, secrets);
    await runtime.start(b, secrets);
    const left = () =>
      ['jobs', 'pods', 'services', 'secrets', 'networkpolicies'].map(
        (plural) =>
          cluster.store
            .all(plural)
            .filter(({ metadata }) => metadata.labels?.['mcpnest.io/workspace'] === 'workspace-b').length,
      );
    expect(left()).toEqual([2, 2, 2, 2, 1]);
    await runtime.remove(a.instanceId);
    await until(() => left().join() === '1,1,1,1,1', 'the first is gone');
    await runtime.remove(b.instanceId);
    await until(() => left().join() === '0,0,0,0,0', 'nothing is left');
    await runtime.remove(b.instanceId);
    await runtime.stop(b.instanceId, 0);
  });

  it('[ORC-10] goes on where a start or a removal was cut short, at every request', async () => {
    const spec = specOf();
    let cut = 1;
    for (let done = false; !done; cut += 1) {
      cluster.cutAfter(cut);
      done = await runtime.start({ ...spec, hash: `${cut}`.padStart(64, '0') }, secrets).then(
        () => true,
        () => false,
      );
    }
    expect(cut).toBeGreaterThan(8);
    cluster.cutAfter(Number.POSITIVE_INFINITY);
    await runtime.start(spec, secrets);
    await until(async () => (await seen(spec.instanceId))?.state === 'running', 'it runs');
    expect((await toolsOf((await seen(spec.instanceId))!)).status).toBe(200);
    for (let after = 1; (await seen(spec.instanceId)) !== undefined; after += 1) {
      cluster.cutAfter(after);
      await runtime.remove(spec.instanceId).catch(() => undefined);
      cluster.cutAfter(Number.POSITIVE_INFINITY);
    }
    const rest = ['jobs', 'secrets', 'services'].flatMap((plural) => cluster.store.all(plural));
    expect(rest).toEqual([]);
  });

  it('[ORC-03] names the image that cannot be pulled, and refuses what it could not confine', async () => {
    const spec = specOf({ image: { name: 'nowhere.invalid/x', digest: `sha256:${'d'.repeat(64)}` } });
    await expect(runtime.start(spec, secrets)).rejects.toThrow(/nowhere\.invalid\/x@sha256:d+ .*cannot be pulled/);
    expect((await seen(spec.instanceId))?.state).toBe('created');
    await runtime.remove(spec.instanceId);
    await expect(runtime.start(specOf({ egress: ['api.github.com'] }), secrets)).rejects.toThrow(/way out/);
    const database = { name: 'db', listens: 15432, host: 'db', port: 5432, opened: true };
    await expect(runtime.start(specOf({ forwards: [database] }), secrets)).rejects.toThrow(/way out to a database/);
    await expect(runtime.ensureImage({ name: 'x', digest: 'latest' })).rejects.toThrow(/digest/);
    await expect(runtime.start(specOf({ instanceId: 'a/../b' }), secrets)).rejects.toThrow(/label/);
  });

  it('[HST-07] [BRG-05] hands out the log, its end first, and follows it until told to stop', async () => {
    const spec = specOf();
    const observed = await runtime.start(spec, secrets);
    await toolsOf(observed);
    const ready = new AbortController();
    const all: LogLine[] = [];
    for await (const line of runtime.logs(spec.instanceId, { tail: 50, follow: true }, ready.signal)) {
      all.push(line);
      if (line.text.includes('"ready"')) ready.abort();
    }
    expect(all.at(-1)).toMatchObject({ stream: 'stdout', at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) });
    const last: LogLine[] = [];
    const signal = new AbortController().signal;
    for await (const line of runtime.logs(spec.instanceId, { tail: 1, follow: false }, signal)) last.push(line);
    expect(last).toHaveLength(1);
    for await (const line of runtime.logs('nobody', { tail: 1, follow: false }, signal)) expect.unreachable(line.text);
    await runtime.remove(spec.instanceId);
  });

  it('[HST-13] sums up what the metrics API tells, and knows nothing of one that does not run', async () => {
    const spec = specOf();
    await runtime.start(spec, secrets);
    const first = await runtime.usage(spec.instanceId);
    expect(first!.memoryBytes).toBeGreaterThan(1_000_000);
    await sleep(50);
    expect((await runtime.usage(spec.instanceId))!.cpuSeconds).toBeGreaterThanOrEqual(first!.cpuSeconds);
    await runtime.remove(spec.instanceId);
    expect(await runtime.usage(spec.instanceId)).toBeNull();
  });

  it('[ORC-04] neither sees nor touches what another installation or somebody else has in the namespace', async () => {
    const spec = specOf();
    const foreign = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'somebody' }, spec: { suspend: true } };
    cluster.store.create('jobs', 'mcpnest-hosted', foreign);
    await using other = open('install-2');
    await other.start(spec, secrets);
    expect(await runtime.list()).toEqual([]);
    await runtime.stop(spec.instanceId, 0);
    await runtime.remove(spec.instanceId);
    expect((await seen(spec.instanceId, other))?.state).toBe('running');
    await other.remove(spec.instanceId);
    expect(cluster.store.get('jobs', 'somebody')).toBeDefined();
    cluster.store.remove('jobs', 'somebody');
  });

  it('[HST-10] puts credentials into the Secret alone', async () => {
    const spec = specOf();
    await runtime.start(spec, secrets);
    const encoded = Buffer.from(canary).toString('base64').slice(0, -4);
    const holders = ['jobs', 'pods', 'services', 'networkpolicies', 'secrets'].filter((plural) => {
      const text = JSON.stringify(
        cluster.store.all(plural).map((object) => ({ ...object, data: decoded(object['data']) })),
      );
      return text.includes(canary) || text.includes(encoded) || text.includes(token);
    });
    expect(holders).toEqual(['secrets']);
    await runtime.remove(spec.instanceId);
  });

  it('waits as long as a busy API server asks, begins a forgotten list anew, and words other failures itself', async () => {
    cluster.fail({ status: 429, retryAfter: '0' }, { status: 503, retryAfter: '0' });
    expect(await runtime.list()).toEqual([]);
    for (const [status, remedy] of [
      [401, /renew/],
      [403, /Role/],
      [500, /answered 500/],
    ] as const) {
      cluster.fail({ status }, { status }, { status });
      const failure = await runtime.list().then(
        () => expect.unreachable(),
        (error: unknown) => error as Error,
      );
      expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringMatching(remedy) });
      expect(failure.message).not.toContain('secret words');
      await until(() => cluster.noneToFail(), 'the other lists have been answered');
    }
    for (let index = 0; index < 300; index += 1) {
      const labels = { 'app.kubernetes.io/managed-by': 'mcpnest', 'mcpnest.io/install': 'install-1' };
      const annotations = { filler: `${index}` };
      cluster.store.create('services', 'mcpnest-hosted', {
        kind: 'Service',
        metadata: { name: `s${index}`, labels, annotations },
      });
    }
    cluster.forgetPages();
    expect(await runtime.list()).toEqual([]);
    for (let index = 0; index < 300; index += 1) cluster.store.remove('services', `s${index}`);
  });

  it('says what to look at when nothing answers', async () => {
    await using nowhere = openKubernetesRuntime({
      access: { url: 'http://127.0.0.1:1' },
      clock: systemClock,
      install: 'install-1',
      namespace: 'x',
      gatewayNamespace: 'mcpnest',
      pods: { runtimeClass: undefined, userNamespaces: false },
    });
    await expect(nowhere.list()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/reached/),
    });
  });

  it('[ORC-04] asks for all that the Role of the chart allows and for nothing else', () => {
    expect([...cluster.asked].toSorted()).toEqual([...allowedBy(rules)].toSorted());
    expect(cluster.asked).not.toContain('/secrets get');
  });
});

function decoded(data: unknown): string[] {
  return Object.values((data ?? {}) as Record<string, string>).map((text) => Buffer.from(text, 'base64').toString());
}
