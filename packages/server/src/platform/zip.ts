import { crc32, createDeflateRaw } from 'node:zlib';
import { pipeline, Readable } from 'node:stream';

/** A file of an archive: its path with `/`, ASCII only, and its parts as they come. */
export interface ZipFile {
  readonly name: string;
  readonly content: AsyncIterable<Buffer>;
}

/** Sizes are 32-bit numbers here; what is larger would need another form of archive. */
const largest = 0xffff_fffe;
/** Sizes and checksum follow the data (bit 3), names are UTF-8 (bit 11). */
const flags = 0x0808;
const deflated = 8;
const versionNeeded = 20;

interface Written {
  readonly name: Buffer;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * A ZIP archive (APPNOTE 6.3, deflate) as it is made: one file after another, with bounded memory. The same files give
 * the same bytes.
 * @param at the time every file has, in UTC, milliseconds since the epoch
 * @throws RangeError when a file or the archive would pass 4 GiB
 */
export async function* zipped(files: AsyncIterable<ZipFile>, at: number): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  const stamp = dosTime(at);
  let offset = 0;
  for await (const file of files) {
    const name = Buffer.from(file.name);
    const head = localHeader(name, stamp);
    yield head;
    let [checksum, packed, size] = [0, 0, 0];
    const source = measured(file.content, (part) => {
      checksum = crc32(part, checksum);
      size += part.length;
    });
    const deflate = createDeflateRaw();
    // What fails in the source ends the deflating stream, whose reader is told.
    pipeline(Readable.from(source, { objectMode: false }), deflate, () => undefined);
    for await (const part of deflate as AsyncIterable<Buffer>) {
      packed += part.length;
      yield part;
    }
    yield descriptor(checksum, packed, size);
    written.push({ name, checksum, packed, size, offset });
    offset += head.length + packed + descriptorBytes;
    if (size > largest || offset > largest) throw new RangeError('The archive would be larger than 4 GiB.');
  }
  const directory = Buffer.concat(written.map((entry) => directoryEntry(entry, stamp)));
  yield directory;
  yield endOfDirectory(written.length, directory.length, offset);
}

async function* measured(content: AsyncIterable<Buffer>, seen: (part: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const part of content) {
    seen(part);
    yield part;
  }
}

/** Time and date of MS-DOS: two seconds are the finest, and 1980 the first year. */
function dosTime(at: number): number {
  const time = new Date(at);
  const date = (Math.max(0, time.getUTCFullYear() - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const clock = (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1);
  return date * 0x1_0000 + clock;
}

function localHeader(name: Buffer, stamp: number): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x0403_4b50, 0);
  head.writeUInt16LE(versionNeeded, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(deflated, 8);
  head.writeUInt32LE(stamp, 10);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name]);
}

const descriptorBytes = 16;

function descriptor(checksum: number, packed: number, size: number): Buffer {
  const tail = Buffer.alloc(descriptorBytes);
  tail.writeUInt32LE(0x0807_4b50, 0);
  tail.writeUInt32LE(checksum, 4);
  tail.writeUInt32LE(packed, 8);
  tail.writeUInt32LE(size, 12);
  return tail;
}

function directoryEntry({ name, checksum, packed, size, offset }: Written, stamp: number): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x0201_4b50, 0);
  entry.writeUInt16LE(versionNeeded, 4);
  entry.writeUInt16LE(versionNeeded, 6);
  entry.writeUInt16LE(flags, 8);
  entry.writeUInt16LE(deflated, 10);
  entry.writeUInt32LE(stamp, 12);
  entry.writeUInt32LE(checksum, 16);
  entry.writeUInt32LE(packed, 20);
  entry.writeUInt32LE(size, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt32LE(offset, 42);
  return Buffer.concat([entry, name]);
}

function endOfDirectory(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
