import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteStream } from '@mcpnest/contract/operation';
import type { Io } from './io.ts';

const tellEveryBytes = 16 * 1024 * 1024;

/**
 * Write what a server streams to a file, which gets its name only once it is whole, or with `-` to standard output.
 * How far it is goes to standard error.
 * @throws what broke the stream; no file of that name is left then
 */
export async function saveStream(io: Io, { body }: ByteStream, out: string): Promise<void> {
  let bytes = 0;
  let told = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes - told >= tellEveryBytes) {
        told = bytes;
        io.err(`${Math.round(bytes / 1_048_576)} MiB so far\n`);
      }
      done(null, chunk);
    },
  });
  // Node's own stream under the name that browsers have for it.
  const source = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  if (out === '-') {
    await pipeline(source, count, io.streams().output, { end: false });
  } else {
    const part = `${out}.part`;
    try {
      await pipeline(source, count, createWriteStream(part, { mode: 0o600 }));
      renameSync(part, out);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
  }
  io.err(`${bytes} bytes\n`);
}
