import { expect, it } from 'vitest';
import { Secret } from '../domain/secret.ts';
import { defaultWorkspaceSettings, type Snapshot } from '../domain/snapshot.ts';
import { options, tempFolder } from '../platform/journal/fixture.ts';
import { openJournal } from '../platform/journal/journal.ts';
import { createLocalVault } from '../platform/vault/local-key.ts';
import { Recorder } from './recorder.ts';

const snapshot = (id: string, argsSalts?: Snapshot['argsSalts']): Snapshot => ({
  format: 1,
  version: 1,
  workspace: { id, slug: id, name: id },
  settings: defaultWorkspaceSettings,
  servers: [],
  disabledServerIds: [],
  tokens: [],
  networkAllow: [],
  ...(argsSalts === undefined ? {} : { argsSalts }),
});

it('[AUD-02] digests of arguments agree within a workspace, a quarter and a salt, and nowhere else', async () => {
  using folder = tempFolder();
  await using journal = await openJournal(options(folder.dir));
  let now = Date.UTC(2026, 10, 21);
  const clock = { now: () => now, monotonic: () => now };
  const vault = createLocalVault(new Secret('0123456789abcdef'.repeat(4)));
  const recorder = new Recorder({ journal, clock, vault });
  const salted = (salt: string) => [
    { quarter: '2026Q3', salt: '0'.repeat(32) },
    { quarter: '2026Q4', salt },
  ];
  const [one, other] = [snapshot('w', salted('a'.repeat(32))), snapshot('w', salted('b'.repeat(32)))];
  const args = '{"customer":"4711"}';
  const first = recorder.digest(one, args);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(recorder.digest(one, args)).toBe(first);
  expect(recorder.digest({ ...one, version: 2, argsSalts: salted('a'.repeat(32)) }, args)).toBe(first);
  const others = [
    recorder.digest(one, '{"customer":"4712"}'),
    // Its salt was destroyed and made anew: the digest of before can never be made again.
    recorder.digest(other, args),
    recorder.digest(snapshot('v', salted('a'.repeat(32))), args),
    recorder.digest(snapshot('w'), args),
  ];
  now = Date.UTC(2027, 0, 1);
  // Nothing has changed since: another quarter is another key all the same.
  others.push(recorder.digest(one, args));
  expect(new Set([first, ...others]).size).toBe(6);
});
