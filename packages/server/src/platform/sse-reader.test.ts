import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SseReader } from './sse-reader.ts';

const read = (chunks: Buffer[], max = 1e6): string[] => {
  const events: string[] = [];
  const reader = new SseReader((data) => events.push(data.toString()), max);
  for (const chunk of chunks) reader.push(chunk);
  return events;
};

it('[GW-05][edge 37] reads every line ending, comments, unknown fields, a BOM and several data lines', () => {
  const text =
    '\uFEFF: hello\r\nid: 1\r\nevent: message\r\ndata: {"a":\r\ndata:1}\r\n\r\ndata\n\nretry: 5\rdata: é\r\rdata: last';
  expect(read([Buffer.from(text)])).toEqual(['{"a":\n1}', 'é']);
});

it('[edge 37] reads the same however the bytes are cut', () => {
  const event = fc.record({
    data: fc.array(
      fc.string({ unit: 'grapheme' }).map((s) => s.replace(/[\r\n\uFEFF]/g, '')),
      { minLength: 1, maxLength: 3 },
    ),
    end: fc.constantFrom('\n', '\r', '\r\n'),
  });
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat(), { maxLength: 20 }), (events, cuts) => {
      const bytes = Buffer.from(
        events.map(({ data, end }) => data.map((line) => `data: ${line}${end}`).join('') + end).join(''),
      );
      const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
      expect(read(chunks)).toEqual(events.map(({ data }) => data.join('\n')).filter((data) => data !== ''));
    }),
  );
});

it('refuses an event that never ends', () => {
  expect(() =>
    read(
      Array.from({ length: 20 }, () => Buffer.alloc(100, 'x')),
      1_000,
    ),
  ).toThrow(RangeError);
  expect(() =>
    read(
      Array.from({ length: 20 }, () => Buffer.from('data: 0123456789\n')),
      100,
    ),
  ).toThrow(RangeError);
});

it('[edge 28] knows where to resume: the id of the last complete event, with data or without, and the time to wait', () => {
  const reader = new SseReader(() => undefined, 1e6);
  const push = (text: string): void => reader.push(Buffer.from(text));
  expect([reader.lastEventId, reader.retryMs]).toEqual([undefined, undefined]);
  push('id: 7\nretry: 250\ndata:\n');
  expect([reader.lastEventId, reader.retryMs]).toEqual([undefined, 250]);
  push('\n');
  expect(reader.lastEventId).toBe('7');
  push('data: x\n\nid: 8\ndata: broken off');
  expect(reader.lastEventId).toBe('7');
  push('\n\nretry: soon\nid: a\0b\nidx: 9\ndata: y\n\n');
  expect([reader.lastEventId, reader.retryMs]).toEqual(['8', 250]);
  push('id\n\n');
  expect(reader.lastEventId).toBeUndefined();
});

it('[edge 29] keeps the id of the last event that ended, the pause asked for, and the type of each event', () => {
  const events: string[] = [];
  const reader = new SseReader((data, type) => events.push(`${type} ${data.toString()}`), 1e6);
  const positions: [string | undefined, number | undefined][] = [];
  const say = (text: string): void => {
    reader.push(Buffer.from(text));
    positions.push([reader.lastEventId, reader.retryMs]);
  };
  say('id: 1\nretry: 50\ndata:\n\n');
  say('id: 2\nevent: endpoint\ndata: /m\n');
  say('\ndata: x\nidentity: 9\n\n');
  say('retry: soon\nid: \u00e9\ndata: y\n\n');
  say('id: 3\n\nid: 4\r\n');
  say('id\n\n');
  expect(events).toEqual(['endpoint /m', 'message x', 'message y']);
  expect(positions).toEqual([
    ['1', 50],
    ['1', 50],
    ['2', 50],
    [undefined, 50],
    ['3', 50],
    [undefined, 50],
  ]);
});
