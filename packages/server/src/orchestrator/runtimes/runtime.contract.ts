import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostedHost } from '../../domain/hosted/workload.ts';
import { newId } from '../../domain/ids.ts';
import { createDialer } from '../../platform/dialer.ts';
import { createHealthProbe } from '../../platform/health-probe.ts';
import type { LogLine, ObservedWorkload, Runtime, WorkloadSecrets, WorkloadSpec } from './runtime.ts';

/** A runtime to be held to its promises, with something it can run. */
export interface RuntimeSubject extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Of another installation, on the same engine. */
  readonly foreign: Runtime;
  /** A container for a bridge; `changed` gives another hash. */
  spec(instanceId: string, changed?: boolean): WorkloadSpec;
  /** Command of a stdio server in it that starts. */
  readonly serving: readonly string[];
  /** Command that writes `no key given` to standard error and ends with code 3. */
  readonly failing: readonly string[];
  /** Whether what rests is kept; otherwise it is removed. */
  readonly pauses: boolean;
  /** How long a container may take until it serves. */
  readonly readyMs: number;
}

const probe = createHealthProbe(createDialer());
const token = 'a-token-of-the-contract-suite';

/** What every runtime promises. */
export function describeRuntime(name: string, open: () => Promise<RuntimeSubject>): void {
  describe(name, () => {
    let subject: RuntimeSubject;
    beforeAll(async () => void (subject = await open()));
    afterAll(() => subject?.[Symbol.asyncDispose]());

    const secrets = (command: readonly string[]): WorkloadSecrets => ({ command, env: {}, token });
    const ids = async (runtime: Runtime): Promise<string[]> =>
      (await runtime.list()).map(({ instanceId }) => instanceId);
    const seen = async (id: string): Promise<ObservedWorkload | undefined> =>
      (await subject.runtime.list()).find(({ instanceId }) => instanceId === id);
    const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
      const deadline = Date.now() + subject.readyMs;
      while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`in vain waited until ${what}`);
        await sleep(50);
      }
    };
    const serves = (id: string) =>
      until(`${id} serves`, async () => {
        const endpoint = (await seen(id))?.endpoint ?? null;
        return endpoint !== null && (await probe(endpoint, hostedHost(id)));
      });
    const written = async (id: string): Promise<LogLine[]> => {
      const lines: LogLine[] = [];
      const wanted = { tail: 50, follow: false };
      for await (const line of subject.runtime.logs(id, wanted, AbortSignal.timeout(5_000))) lines.push(line);
      return lines;
    };

    it('[ORC-01] starts what is asked for, says where it is, and leaves it alone when asked again', async () => {
      const { runtime, spec, serving } = subject;
      const id = newId(Date.now());
      const wanted = spec.call(subject, id);
      await runtime.ensureImage(wanted.image);
      expect(await runtime.ensureImage(wanted.image)).toBe('present');
      await runtime.start(wanted, secrets(serving));
      await serves(id);
      const first = await seen(id);
      const { workspaceId, hash: specHash } = wanted;
      expect(first).toMatchObject({ instanceId: id, workspaceId, specHash, state: 'running', exitCode: null });
      expect(await runtime.start(wanted, secrets(serving))).toEqual(first);
      expect(await runtime.usage(id)).toMatchObject({ cpuSeconds: expect.any(Number) as number });
      const other = subject.spec(id, true);
      const replaced = await runtime.start(other, secrets(serving));
      expect(replaced.specHash).toBe(other.hash);
      expect((await ids(runtime)).filter((one) => one === id)).toHaveLength(1);
      await serves(id);
      await runtime.remove(id);
      expect(await seen(id)).toBeUndefined();
    });

    it('[HST-07] keeps what one that failed has written, until it is removed', async () => {
      const { runtime, failing } = subject;
      const id = newId(Date.now());
      await runtime.start(subject.spec(id), secrets(failing));
      await until('it has ended', async () => (await seen(id))?.state === 'exited');
      expect(await seen(id)).toMatchObject({ outOfMemory: false, endpoint: null });
      expect((await seen(id))?.startedAt).toMatch(/^\d{4}-.*Z$/);
      const lines = await written(id);
      expect(lines.some(({ text }) => text.includes('no key given'))).toBe(true);
      expect(lines.every(({ text, at }) => !text.includes(token) && !Number.isNaN(Date.parse(at)))).toBe(true);
      expect(await runtime.usage(id)).toBeNull();
      await runtime.remove(id);
      expect(await written(id)).toEqual([]);
    });

    it('starts anew what has ended', async () => {
      const { runtime, failing, serving } = subject;
      const id = newId(Date.now());
      await runtime.start(subject.spec(id), secrets(failing));
      await until('it has ended', async () => (await seen(id))?.state === 'exited');
      const before = await seen(id);
      // Nobody starts anything anew sooner, and there are engines that tell whole seconds.
      await until('a second has passed', async () => Date.now() - Date.parse(before?.startedAt ?? '') > 1_000);
      await runtime.start(subject.spec(id), secrets(serving));
      await serves(id);
      expect((await seen(id))?.startedAt).not.toBe(before?.startedAt);
      await runtime.stop(id, 1_000);
      await runtime.stop(id, 1_000);
      expect((await seen(id))?.state).not.toBe('running');
      await runtime.remove(id);
    });

    it('gives one that rests no processor until it is started again, as it was where it can be kept', async () => {
      const { runtime, serving } = subject;
      const id = newId(Date.now());
      const wanted = subject.spec(id);
      await runtime.start(wanted, secrets(serving));
      await serves(id);
      const before = (await seen(id))!;
      await runtime.rest(id);
      const resting = await seen(id);
      if (resting === undefined) expect(subject.pauses).toBe(false);
      else expect(resting).toEqual({ ...before, state: 'paused', endpoint: null });
      expect(await probe(before.endpoint!, hostedHost(id))).toBe(false);
      expect(await runtime.usage(id)).toBeNull();
      expect((await written(id)).length > 0).toBe(subject.pauses);
      if (subject.pauses) await runtime.rest(id);
      const again = await runtime.start(wanted, secrets(serving));
      if (subject.pauses) expect(again).toEqual(before);
      await serves(id);
      await runtime.remove(id);
    });

    it('replaces, stops and removes one that rests like any other, and lets nothing rest that is not there', async () => {
      const { runtime, serving } = subject;
      const id = newId(Date.now());
      await runtime.rest(id);
      expect(await seen(id)).toBeUndefined();
      await runtime.start(subject.spec(id), secrets(serving));
      await runtime.rest(id);
      const other = subject.spec(id, true);
      await runtime.start(other, secrets(serving));
      await serves(id);
      expect((await seen(id))?.specHash).toBe(other.hash);
      await runtime.rest(id);
      await runtime.stop(id, 1_000);
      expect((await seen(id))?.state ?? 'exited').toBe('exited');
      await runtime.start(other, secrets(serving));
      await runtime.rest(id);
      await runtime.remove(id);
      expect(await seen(id)).toBeUndefined();
    });

    it('[HST-08] may be asked to end what is not there, and follows what it says to its end', async () => {
      const { runtime, serving } = subject;
      const id = newId(Date.now());
      await runtime.stop(id, 100);
      await runtime.remove(id);
      await runtime.start(subject.spec(id), secrets(serving));
      await serves(id);
      const stop = new AbortController();
      const following = (async () => {
        for await (const _ of runtime.logs(id, { tail: 50, follow: true }, stop.signal)) void _;
        return 'ended';
      })();
      await runtime.remove(id);
      await runtime.remove(id);
      expect(await Promise.race([following, sleep(5_000, 'goes on', { ref: false })])).toBe('ended');
      stop.abort();
    });

    it('neither sees nor touches what another installation has', async () => {
      const { runtime, foreign, serving } = subject;
      const id = newId(Date.now());
      await foreign.start(subject.spec(id), secrets(serving));
      try {
        expect(await ids(runtime)).not.toContain(id);
        await runtime.stop(id, 100);
        await runtime.remove(id);
        expect(await written(id)).toEqual([]);
        expect((await foreign.list()).find(({ instanceId }) => instanceId === id)?.state).toBe('running');
      } finally {
        await foreign.remove(id);
      }
    });
  });
}
