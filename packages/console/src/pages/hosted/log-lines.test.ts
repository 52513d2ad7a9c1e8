import { expect, it } from 'vitest';
import { logReducer, mostLines, nothingYet } from './log-lines.ts';
import type { LogAction, LogSoFar } from './log-lines.ts';

const line = (at: string, text = at): LogAction => ({ type: 'line', line: { at, stream: 'stdout', text } });
const after = (...actions: readonly LogAction[]): LogSoFar => actions.reduce(logReducer, nothingYet);
const texts = ({ lines }: LogSoFar): string[] => lines.map(({ text }) => text);
const read = (...ats: readonly string[]): LogAction => ({
  type: 'read',
  logs: {
    ...{ instance_id: 'i', state: 'starting', health: 'unknown', headline: null },
    lines: ats.map((at) => ({ at, stream: 'stdout', text: at })),
  },
});

it('[HST-04] shows no line twice when the stream is opened again, and none twice when it is read instead', () => {
  const first = [{ type: 'opened' }, line('1'), line('2')] as const;
  expect(texts(after(...first, { type: 'opened' }, line('1'), line('2'), line('3')))).toEqual(['1', '2', '3']);
  const polled = after(...first, read('1', '2', '3'));
  expect(texts(polled)).toEqual(['1', '2', '3']);
  expect(polled).toMatchObject({ mode: 'polling', faring: { state: 'starting' } });
  expect(texts(logReducer(logReducer(polled, { type: 'opened' }), line('3')))).toEqual(['1', '2', '3']);
});

it('[HST-04] keeps lines that were written at the same moment', () => {
  expect(texts(after({ type: 'opened' }, line('1', 'a'), line('1', 'b')))).toEqual(['a', 'b']);
});

it('keeps a bounded number of lines, each with a key of its own', () => {
  const many = after({ type: 'opened' }, ...Array.from({ length: mostLines + 3 }, (_, n) => line(`${n + 10_000}`)));
  expect(many.lines.length).toBe(mostLines);
  expect(many.lines[0]?.key).toBe(3);
  expect(new Set(many.lines.map(({ key }) => key)).size).toBe(mostLines);
});
