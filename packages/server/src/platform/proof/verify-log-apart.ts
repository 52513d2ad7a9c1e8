import { Worker } from 'node:worker_threads';
import type { KeyFiles } from './keys.ts';
import type { LogReport } from './verify-folder.ts';

/** What the thread is given. */
export interface VerifyLogOrder {
  readonly dataDir: string;
  readonly sealingKey: Uint8Array;
  readonly nodeId: string;
  readonly log: string;
}

/** What the thread says: how far it is, and at last what it found. */
export type VerifyLogNews = { readonly checked: number; readonly of: number } | { readonly report: LogReport };

/**
 * Check one log on a thread of its own: a large one takes long, and no call should wait for it.
 * @param tell now and then given how many records were checked, and of how many
 * @throws what the check itself could not cope with
 */
export async function verifyLogApart(
  { dataDir, sealingKey, nodeId }: KeyFiles,
  log: string,
  tell: (checked: number, of: number) => void,
): Promise<LogReport> {
  const workerData: VerifyLogOrder = { dataDir, sealingKey, nodeId, log };
  const worker = new Worker(new URL('./verify-log-worker.ts', import.meta.url), { workerData });
  try {
    return await new Promise<LogReport>((resolve, reject) => {
      worker.on('message', (news: VerifyLogNews) => {
        if ('report' in news) resolve(news.report);
        else tell(news.checked, news.of);
      });
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('The check ended without a result.')));
    });
  } finally {
    await worker.terminate();
  }
}
