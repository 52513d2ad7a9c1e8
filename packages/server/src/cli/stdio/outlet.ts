import type { Writable } from 'node:stream';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** Standard output as the protocol has it: one message a line and nothing else. */
export class Outlet {
  readonly #output: Writable;
  #room: Promise<void> | undefined;

  constructor(output: Writable) {
    this.#output = output;
  }

  /** Write one message; resolves once there is room for more. Line breaks between its values become spaces. */
  async write(message: Buffer): Promise<void> {
    if (this.#output.destroyed) return;
    const hasRoom = this.#output.write(Buffer.concat([onOneLine(message), Buffer.from('\n')]));
    if (!hasRoom) await (this.#room ??= this.#whenRoom());
  }

  #whenRoom(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#room = undefined;
        this.#output.off('drain', done).off('close', done).off('error', done);
        resolve();
      };
      this.#output.on('drain', done).on('close', done).on('error', done);
    });
  }
}

/** In JSON a line break can stand only where a space can. */
function onOneLine(message: Buffer): Buffer {
  if (!message.includes(LF) && !message.includes(CR)) return message;
  const line = Buffer.from(message);
  for (let i = 0; i < line.length; i++) if (line[i] === LF || line[i] === CR) line[i] = SPACE;
  return line;
}
