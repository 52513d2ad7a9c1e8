import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../journal/fixture.ts';
import { folderIn, keysOf, startOfTests } from './fixture.ts';

it('[NEW-03] a key that a crash has cut off on its way signs once the list names it, and not before', () => {
  using temp = tempFolder();
  const folder = folderIn(temp.dir);
  const [key, next, list] = ['proof-key', 'proof-key.next', 'proof/keys.json'].map((name) => join(temp.dir, name));
  const first = keysOf(folder).current().publicKey;
  // The very first: the list is there, and the key is not yet in its place.
  renameSync(key!, next!);
  expect(keysOf(folder).current().publicKey).toBe(first);

  const [keyBefore, listBefore] = [readFileSync(key!), readFileSync(list!)];
  const { publicKey } = keysOf(folder).rotate(startOfTests);
  cpSync(key!, next!);
  writeFileSync(key!, keyBefore);
  expect(keysOf(folder).current().publicKey).toBe(publicKey);
  expect(keysOf(folder).history()).toHaveLength(2);

  cpSync(key!, next!);
  writeFileSync(key!, keyBefore);
  writeFileSync(list!, listBefore);
  expect(keysOf(folder).current().publicKey).toBe(first);
  rmSync(next!);
  expect(keysOf(folder).rotate(startOfTests).previous).toBe(first);
});
