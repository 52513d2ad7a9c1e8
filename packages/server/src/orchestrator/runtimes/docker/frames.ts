import type { LogLine } from '../runtime.ts';

const maxTextBytes = 8 * 1024;
const maxFrameBytes = 1024 * 1024;
const headerBytes = 8;

/**
 * Lines of a container's output as the engine multiplexes it: frames of 8 bytes (stream, three zeros, length as 32 bits,
 * big-endian) and a piece of a line behind its time (Docker Engine API, ContainerAttach).
 * @param chunks the answer to `GET /containers/{id}/logs` with `timestamps`
 * @throws RangeError for a frame no engine sends
 */
export async function* readLogLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const open = { stdout: new OpenLine('stdout'), stderr: new OpenLine('stderr') };
  for await (const frame of readFrames(chunks)) {
    const line = open[frame.stream].add(frame.payload);
    if (line !== undefined) yield line;
  }
  for (const rest of [open.stdout.close(), open.stderr.close()]) if (rest !== undefined) yield rest;
}

interface Frame {
  readonly stream: LogLine['stream'];
  readonly payload: Buffer;
}

async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= headerBytes) {
      const length = rest.readUInt32BE(4);
      if (rest.readUInt8(0) > 2 || length > maxFrameBytes)
        throw new RangeError('A log of the engine has another form.');
      if (rest.length < headerBytes + length) break;
      yield {
        stream: rest.readUInt8(0) === 2 ? 'stderr' : 'stdout',
        payload: rest.subarray(headerBytes, headerBytes + length),
      };
      rest = rest.subarray(headerBytes + length);
    }
  }
}

/** A line comes in pieces when it is long; each piece has the time in front and only the last a line feed. */
class OpenLine {
  readonly #stream: LogLine['stream'];
  #at: string | undefined;
  #text = Buffer.alloc(0);

  constructor(stream: LogLine['stream']) {
    this.#stream = stream;
  }

  add(payload: Buffer): LogLine | undefined {
    const space = payload.indexOf(0x20);
    const ends = payload.at(-1) === 0x0a;
    this.#at ??= payload.toString('latin1', 0, Math.max(space, 0));
    const room = maxTextBytes - this.#text.length;
    if (room > 0)
      this.#text = Buffer.concat([this.#text, payload.subarray(space + 1, ends ? -1 : undefined).subarray(0, room)]);
    return ends ? this.close() : undefined;
  }

  close(): LogLine | undefined {
    if (this.#at === undefined) return undefined;
    const line = { at: this.#at, stream: this.#stream, text: this.#text.toString() };
    this.#at = undefined;
    this.#text = Buffer.alloc(0);
    return line;
  }
}

/** Lines of a stream of JSON values. @throws RangeError for one of more than 1 MiB */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxFrameBytes) throw new RangeError('A line of the engine has more than 1 MiB.');
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}
