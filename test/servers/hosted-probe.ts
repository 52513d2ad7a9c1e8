import { createHash, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { canonicalText } from '../../packages/server/src/domain/canonical.ts';
import type { ObservedWorkload, WorkloadSpec } from '../../packages/server/src/orchestrator/runtimes/runtime.ts';
import type { TestImage } from './docker-image.ts';

/** A bearer token no other text contains: the tests look for it where it must not be. */
export const probeToken = `canary-${randomUUID()}`;

/** A specification of the probe with small limits; whatever `more` says is different. */
export function probeSpec(image: TestImage, more: Partial<Omit<WorkloadSpec, 'hash'>> = {}): WorkloadSpec {
  const spec = {
    instanceId: randomUUID(),
    workspaceId: randomUUID(),
    image,
    cpus: 0.5,
    memoryBytes: 128 * 1024 ** 2,
    pids: 64,
    scratch: [{ path: '/tmp', bytes: 8 * 1024 ** 2 }],
    egress: [],
    forwards: [],
    settings: {},
    ...more,
  };
  return { ...spec, hash: createHash('sha256').update(canonicalText(spec)).digest('hex') };
}

export const probeSecrets = { command: ['probe'], env: { CANARY: probeToken }, token: probeToken };

/**
 * What the code returned inside the instance; `import` there is `load`. Connections that fail are tried again for 10 s
 * while the probe starts.
 * @throws Error with the code (`ECONNREFUSED`) or the text of what the code threw
 */
export async function askProbe<T>(endpoint: ObservedWorkload['endpoint'], code: string): Promise<T> {
  if (endpoint === null) throw new Error('The instance has no endpoint.');
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      const answer = JSON.parse(await post(endpoint, code)) as { result: T } | { error: string };
      if ('error' in answer) throw new ProbeError(answer.error);
      return answer.result;
    } catch (error) {
      if (error instanceof ProbeError || performance.now() > until) throw error;
      await wait(20);
    }
  }
}

class ProbeError extends Error {}

async function post({ host, port }: { host: string; port: number }, code: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${probeToken}` };
    const asked = request({ host, port, method: 'POST', headers, timeout: 60_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => resolve(text));
    });
    asked.on('timeout', () => asked.destroy(new Error('The probe does not answer.')));
    asked.on('error', reject).end(code);
  });
}

/** Code that tells how a TCP connection from inside ends: `connected`, or the code of the error. */
export const connecting = (host: string, port: number): string => `
  const { connect } = await load('node:net');
  return await new Promise((done) => {
    const socket = connect({ host: ${JSON.stringify(host)}, port: ${port}, timeout: 700 });
    socket.on('connect', () => done('connected')).on('error', (e) => done(e.code)).on('timeout', () => done('timeout'));
    socket.on('connect', () => socket.destroy()).on('timeout', () => socket.destroy());
  });`;
