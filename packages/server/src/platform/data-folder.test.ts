import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../domain/secret.ts';
import { checkKey, lockDataFolder, openDataFolder } from './data-folder.ts';
import { createLocalVault } from './vault/local-key.ts';

let parent = '';
let dir = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'mcpnest-data-'));
  dir = join(parent, 'a', 'data');
});
afterEach(() => rmSync(parent, { recursive: true }));

const mode = (path: string): number => statSync(path).mode & 0o777;
const here = fileURLToPath(new URL('./data-folder.ts', import.meta.url));
const script = (body: string): string[] => [
  '-e',
  `import { lockDataFolder, openDataFolder } from ${JSON.stringify(here)};\n${body}`,
];

describe('a fresh folder', () => {
  it('is closed to others, key included', () => {
    const { warnings } = openDataFolder(dir, undefined);
    expect([mode(dir), mode(join(dir, 'secret.key')), mode(join(dir, 'node-id'))]).toEqual([0o700, 0o600, 0o600]);
    expect(warnings).toEqual([]);
    expect(readdirSync(dir).toSorted()).toEqual(['node-id', 'secret.key']);
  });

  it('shares no key material and no node id with another', () => {
    const one = openDataFolder(dir, undefined);
    const two = openDataFolder(join(parent, 'b'), undefined);
    expect(one.secretKey.reveal()).toMatch(/^[0-9a-f]{64}$/);
    expect(two.secretKey.reveal()).not.toBe(one.secretKey.reveal());
    expect(two.nodeId).not.toBe(one.nodeId);
  });

  it('writes no key of its own when one is configured', () => {
    const key = new Secret('ab'.repeat(32));
    expect(openDataFolder(dir, key).secretKey).toBe(key);
    expect(readdirSync(dir)).toEqual(['node-id']);
  });

  it('gives several processes that create it at once the same key', async () => {
    const print = script(`process.stdout.write(openDataFolder(${JSON.stringify(dir)}, undefined).secretKey.reveal());`);
    const runs = await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, print)));
    const keys = runs.map(({ stdout }) => stdout);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toBe(openDataFolder(dir, undefined).secretKey.reveal());
    expect(readdirSync(dir).toSorted()).toEqual(['node-id', 'secret.key']);
  });
});

describe('a folder used before', () => {
  it('keeps key and node id', () => {
    const first = openDataFolder(dir, undefined);
    const second = openDataFolder(dir, undefined);
    expect([second.secretKey.reveal(), second.nodeId]).toEqual([first.secretKey.reveal(), first.nodeId]);
  });

  it('is closed again, with a warning, when it was opened to others', () => {
    openDataFolder(dir, undefined);
    chmodSync(dir, 0o755);
    chmodSync(join(dir, 'secret.key'), 0o644);
    const { warnings } = openDataFolder(dir, undefined);
    expect(mode(dir)).toBe(0o700);
    expect(warnings).toEqual([expect.stringContaining('0700'), expect.stringContaining('chmod 600')]);
  });

  it('is refused, not changed, when it is open and holds files of somebody else', () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'holiday.jpg'), '');
    chmodSync(dir, 0o777);
    expect(() => openDataFolder(dir, undefined)).toThrow(/holds other files.*MCPNEST_DATA_DIR/);
    expect(mode(dir)).toBe(0o777);
    expect(readdirSync(dir)).toEqual(['holiday.jpg']);
  });

  it('is refused when its key is gone or damaged', () => {
    const { secretKey } = openDataFolder(dir, undefined);
    checkKey(dir, createLocalVault(secretKey));
    unlinkSync(join(dir, 'secret.key'));
    expect(() => openDataFolder(dir, undefined)).toThrow(/secret\.key is gone.*backup.*MCPNEST_SECRET_KEY/);
    writeFileSync(join(dir, 'secret.key'), 'abc');
    expect(() => openDataFolder(dir, undefined)).toThrow(/damaged.*backup/);
  });

  it('is refused with another key than it was made with', () => {
    const { secretKey } = openDataFolder(dir, undefined);
    checkKey(dir, createLocalVault(secretKey));
    checkKey(dir, createLocalVault(secretKey));
    const other = createLocalVault(new Secret('12'.repeat(32)));
    expect(() => checkKey(dir, other)).toThrow(/not the one this data folder was made with.*MCPNEST_SECRET_KEY/);
    expect(readFileSync(join(dir, 'key.check'), 'utf8')).not.toContain(secretKey.reveal());
  });

  it('cannot be a file', () => {
    writeFileSync(join(parent, 'file'), '');
    expect(() => openDataFolder(join(parent, 'file'), undefined)).toThrow(/cannot be created.*MCPNEST_DATA_DIR/);
  });
});

describe('the lock', () => {
  it('keeps a second server out until the first lets go', () => {
    openDataFolder(dir, undefined);
    const lock = lockDataFolder(dir);
    expect(() => lockDataFolder(dir)).toThrow(/Another MCPNest server is running.*MCPNEST_DATA_DIR/);
    lock[Symbol.dispose]();
    lockDataFolder(dir)[Symbol.dispose]();
  });

  it('says what to do where it cannot be taken at all', () => {
    openDataFolder(dir, undefined);
    mkdirSync(join(dir, 'server.lock'));
    expect(() => lockDataFolder(dir)).toThrow(/cannot be written.*MCPNEST_DATA_DIR/);
  });

  it('holds across processes and is gone at once after kill -9', async () => {
    openDataFolder(dir, undefined);
    const child = spawn(process.execPath, [
      ...script(
        `globalThis.held = lockDataFolder(${JSON.stringify(dir)}); process.stdout.write('held'); setInterval(() => {}, 1e6);`,
      ),
    ]);
    await once(child.stdout, 'data');
    expect(() => lockDataFolder(dir)).toThrow(/Another MCPNest server/);
    openDataFolder(dir, undefined);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockDataFolder(dir)[Symbol.dispose]();
  });
});
