import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type {
  LogLine,
  ObservedWorkload,
  Runtime,
  WorkloadUsage,
} from '../packages/server/src/orchestrator/runtimes/runtime.ts';
import { createProcessRuntime } from './process-runtime.ts';

/** A process runtime that others ask over loopback, so that what it runs outlives them, as with an engine. */
export interface ProcessEngine extends AsyncDisposable {
  readonly url: string;
  readonly runtime: ReturnType<typeof createProcessRuntime>;
}

type Plain = 'list' | 'ensureImage' | 'start' | 'rest' | 'stop' | 'remove' | 'usage';

export async function startProcessEngine(): Promise<ProcessEngine> {
  const runtime = createProcessRuntime();
  const server = createServer((req, res) => {
    answer(runtime, req, res).catch((error: Error) => res.writeHead(500).end(error.message));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runtime,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

async function answer(runtime: Runtime, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const verb = req.url!.slice(1) as Plain | 'logs';
  let text = '';
  for await (const chunk of req.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  const words = JSON.parse(text) as never[];
  if (verb !== 'logs') {
    const said = await (runtime[verb] as (...args: never[]) => Promise<unknown>)(...words);
    res.end(JSON.stringify(said ?? null));
    return;
  }
  const left = new AbortController();
  res.once('close', () => left.abort());
  res.flushHeaders();
  const [instanceId, wanted] = words as unknown as [string, Parameters<Runtime['logs']>[1]];
  for await (const line of runtime.logs(instanceId, wanted, left.signal)) res.write(`${JSON.stringify(line)}\n`);
  res.end();
}

/** The engine as a process that does not hold it sees it. */
export function connectProcessEngine(url: string): Runtime {
  const ask = async (verb: string, words: readonly unknown[], signal?: AbortSignal): Promise<Response> => {
    const response = await fetch(`${url}/${verb}`, {
      method: 'POST',
      body: JSON.stringify(words),
      signal: signal ?? null,
    });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  const said = async <T>(verb: Plain, words: readonly unknown[], signal?: AbortSignal): Promise<T> =>
    (await (await ask(verb, words, signal)).json()) as T;
  return {
    kind: 'docker',
    list: (signal) => said<ObservedWorkload[]>('list', [], signal),
    ensureImage: (image, signal) => said<'present' | 'pulled'>('ensureImage', [image], signal),
    start: (spec, secrets, signal) => said<ObservedWorkload>('start', [spec, secrets], signal),
    rest: (id, signal) => said<void>('rest', [id], signal),
    stop: (id, graceMs, signal) => said<void>('stop', [id, graceMs], signal),
    remove: (id, signal) => said<void>('remove', [id], signal),
    usage: (id, signal) => said<WorkloadUsage | null>('usage', [id], signal),
    async *logs(id, wanted, signal) {
      const { body } = await ask('logs', [id, wanted], signal);
      let held = '';
      for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
        const parts = (held + chunk).split('\n');
        held = parts.pop()!;
        for (const part of parts) yield JSON.parse(part) as LogLine;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
