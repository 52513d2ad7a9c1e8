import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Verification } from './verify.ts';

/** `verifyJournal` on a thread of its own. @throws what the check itself could not cope with */
async function verifyApart(dir: string, macKey: Buffer): Promise<Verification> {
  const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData: { dir, macKey } });
  try {
    const [verification] = (await once(worker, 'message')) as [Verification];
    return verification;
  } finally {
    await worker.terminate();
  }
}

/** The same; whoever asks while a check is under way gets its answer: each reads the whole journal. */
export function createVerifyApart(dir: string, macKey: Buffer): () => Promise<Verification> {
  let running: Promise<Verification> | undefined;
  return () =>
    (running ??= verifyApart(dir, macKey).finally(() => {
      running = undefined;
    }));
}
