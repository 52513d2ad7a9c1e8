import { afterAll, beforeAll } from 'vitest';
import { startKit, type Kit } from '../kit.contract.ts';
import { describeSearch } from './search.contract.ts';

let kit: Kit;
beforeAll(async () => void (kit = await startKit()));
afterAll(() => kit[Symbol.asyncDispose]());

describeSearch('SQLite', () => kit);
