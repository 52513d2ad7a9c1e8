import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from '../runtime.ts';

const maxLineLength = 8192;

/**
 * The lines of a pod's log with timestamps (`<RFC 3339> <text>`). Kubernetes hands out both streams of a container as
 * one, so everything counts as standard output. What of a line is beyond 8 KiB is left out.
 */
export async function* logLines(source: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of source) {
    const parts = decoder.write(chunk).split('\n');
    for (const [index, part] of parts.entries()) {
      if (rest.length < lineRoom) rest += part.slice(0, lineRoom - rest.length);
      if (index === parts.length - 1) break;
      const line = parseLine(rest);
      rest = '';
      if (line !== undefined) yield line;
    }
  }
  const last = parseLine(rest);
  if (last !== undefined) yield last;
}

/** The text and the time before it. */
const lineRoom = maxLineLength + 40;

function parseLine(line: string): LogLine | undefined {
  const space = line.indexOf(' ');
  const time = space === -1 ? line : line.slice(0, space);
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds)) return undefined;
  const text = space === -1 ? '' : line.slice(space + 1);
  return { at: new Date(milliseconds).toISOString(), stream: 'stdout', text: bounded(text.replace(/\r$/, '')) };
}

/** At most 8 KiB of UTF-8, cut between characters. */
function bounded(text: string): string {
  if (text.length * 3 <= maxLineLength) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxLineLength) return text;
  // A decoder keeps back what is no whole character.
  return new StringDecoder('utf8').write(bytes.subarray(0, maxLineLength));
}
