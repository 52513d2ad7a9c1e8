import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { clipped, type Log } from '../log.ts';

const keptLines = 50;
const longestLine = 1000;
const perSecond = 50;

/**
 * Reads a child's error output for as long as there is any, so that the child never waits for a reader. Lines go to the
 * log, clipped and at most so many in a second; the last of them are kept for the message when the child fails.
 * They never mean an error and never reach a client.
 *
 * @returns the last lines
 */
export function drainStderr(stream: Readable, log: Log): () => string[] {
  const decoder = new StringDecoder('utf8');
  const last: string[] = [];
  let rest = '';
  let second = 0;
  let logged = 0;
  let suppressed = 0;

  const hear = (line: string): void => {
    if (line.trim() === '') return;
    const text = clipped(log.clean(line), longestLine);
    last.push(text);
    if (last.length > keptLines) last.shift();
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      if (suppressed > 0) log.warn('the server wrote more to stderr than is logged', { lines: suppressed });
      second = now;
      logged = suppressed = 0;
    }
    if (++logged <= perSecond) log.info('stderr of the server', { line: text });
    else suppressed++;
  };

  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
    // A line without an end must not grow; what is cut off here shows as a line of its own.
    if (rest.length > 16 * longestLine) {
      hear(rest);
      rest = '';
    }
  });
  stream.on('end', () => {
    hear(rest);
    rest = '';
  });
  stream.on('error', () => undefined);
  return () => [...last];
}
