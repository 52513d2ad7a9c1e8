import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Verification } from './verify.ts';

/** `verifyJournal` on a thread of its own. @throws what the check itself could not cope with */
export async function verifyApart(dir: string, macKey: Buffer): Promise<Verification> {
  const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData: { dir, macKey } });
  try {
    const [verification] = (await once(worker, 'message')) as [Verification];
    return verification;
  } finally {
    await worker.terminate();
  }
}
