import { parentPort, workerData } from 'node:worker_threads';
import { verifyJournal } from './verify.ts';

// Entry of a thread that checks a journal once: a large one takes seconds, which no call should wait for.

const { dir, macKey } = workerData as { readonly dir: string; readonly macKey: Uint8Array };
parentPort!.postMessage(verifyJournal(dir, Buffer.from(macKey)));
