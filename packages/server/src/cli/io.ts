import { Writable, type Readable } from 'node:stream';
import { processEnvironment } from '../config/env.ts';
import type { Environment } from '../config/env.ts';

/** What a command line touches: environment, the three streams, and whether a person sits there. */
export interface Io {
  readonly environment: Environment;
  /** Results, and nothing but results, so that they can be piped. */
  out(text: string): void;
  /** Everything said to a person. */
  err(text: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** Whether standard input and error are a terminal: only then may a question be asked. */
  readonly interactive: boolean;
  /** Ask a question that is answered by a line of text. Only when interactive. */
  ask(question: string): Promise<string>;
  /** The same without showing what is typed. */
  askSecret(question: string): Promise<string>;
  /** The streams themselves, for a command that speaks a protocol over them; whatever becomes of them is its affair. */
  streams(): Streams;
}

export interface Streams {
  readonly input: Readable;
  readonly output: Writable;
  /** Aborted when this process is told to end. */
  readonly signal: AbortSignal;
}

/** The streams and environment of this process. */
export function processIo(): Io {
  // A reader that has seen enough (head, less) is no failure of ours.
  const leave = (error: NodeJS.ErrnoException): never => process.exit(error.code === 'EPIPE' ? 0 : 1);
  process.stdout.on('error', leave);
  return {
    environment: processEnvironment(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readInput: async () => {
      const parts: Buffer[] = [];
      for await (const part of process.stdin as AsyncIterable<Buffer>) parts.push(part);
      return Buffer.concat(parts).toString('utf8');
    },
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    ask: (question) => askAt(process.stderr, question),
    askSecret: async (question) => {
      process.stderr.write(question);
      // What the terminal would show of the typing goes nowhere.
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      const answer = await askAt(nowhere, '');
      process.stderr.write('\n');
      return answer;
    },
    streams: () => {
      process.stdout.off('error', leave);
      // Nobody reading what is said to people is no reason to stop.
      process.stderr.on('error', () => undefined);
      const told = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => told.abort());
      return { input: process.stdin, output: process.stdout, signal: told.signal };
    },
  };
}

async function askAt(output: Writable, question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
