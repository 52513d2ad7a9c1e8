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
}

/** The streams and environment of this process. */
export function processIo(): Io {
  // A reader that has seen enough (head, less) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
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
    ask: async (question) => {
      const { createInterface } = await import('node:readline/promises');
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await terminal.question(question);
      } finally {
        terminal.close();
      }
    },
  };
}
