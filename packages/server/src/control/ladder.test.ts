import { afterAll, beforeAll } from 'vitest';
import { startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';
import { describeLadder } from './ladder.contract.ts';

let kit: Kit;
beforeAll(async () => void (kit = await startKit()));
afterAll(() => kit[Symbol.asyncDispose]());

describeLadder('SQLite', () => kit);
