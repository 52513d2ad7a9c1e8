import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openProofKeys } from './keys.ts';
import { verifyOneLog } from './verify-folder.ts';
import type { VerifyLogNews, VerifyLogOrder } from './verify-log-apart.ts';

// Entry of a thread that checks one log once.

const { dataDir, sealingKey, nodeId, log } = workerData as VerifyLogOrder;
// Nothing is signed here, so no time is asked for.
const keys = openProofKeys({ dataDir, sealingKey: Buffer.from(sealingKey), nodeId, now: () => 0 });
const say = (news: VerifyLogNews): void => parentPort!.postMessage(news);
const report = verifyOneLog(join(dataDir, 'proof'), nodeId, keys, log, (checked, of) => say({ checked, of }));
say({ report });
