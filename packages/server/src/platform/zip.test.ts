import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { unzip } from '../../../../test/unzip.ts';
import { zipped, type ZipFile } from './zip.ts';

async function* files(contents: Readonly<Record<string, string>>): AsyncGenerator<ZipFile> {
  for (const [name, text] of Object.entries(contents)) {
    async function* parts(): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += 1_000) yield Buffer.from(text.slice(at, at + 1_000));
    }
    yield { name, content: parts() };
  }
}
const archive = async (contents: Readonly<Record<string, string>>, at = Date.UTC(2026, 10, 21, 12, 34, 56)) => {
  const parts: Buffer[] = [];
  for await (const part of zipped(files(contents), at)) parts.push(part);
  return Buffer.concat(parts);
};

const contents = { 'a/one.txt': 'x'.repeat(100_000), 'empty.txt': '', 'two.txt': 'é,ß\n'.repeat(7) };

it('holds what it was given, and is the same for the same', async () => {
  const made = await archive(contents);
  expect(Object.fromEntries(unzip(made))).toEqual(contents);
  expect(made.length).toBeLessThan(2_000);
  expect((await archive(contents)).equals(made)).toBe(true);
  expect(made.readUInt32LE(made.indexOf('PK\x01\x02') + 16)).toBe(crc32(contents['a/one.txt']));
});

it('is read by a program of others', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-zip-'));
  try {
    const file = join(dir, 'x.zip');
    writeFileSync(file, await archive(contents));
    // Python is at hand wherever the tests run; its module checks every checksum.
    const script =
      'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), [(i.filename,i.file_size,i.date_time) for i in z.infolist()][0])';
    const said = execFileSync('python3', ['-c', script, file], { encoding: 'utf8' });
    expect(said.trim()).toBe("None ('a/one.txt', 100000, (2026, 11, 21, 12, 34, 56))");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('fails as its source fails', async () => {
  async function* broken(): AsyncGenerator<ZipFile> {
    async function* content(): AsyncGenerator<Buffer> {
      yield Buffer.from('x');
      throw new Error('the database is away');
    }
    yield { name: 'a', content: content() };
  }
  await expect(async () => {
    for await (const _ of zipped(broken(), 0));
  }).rejects.toThrow('the database is away');
});
