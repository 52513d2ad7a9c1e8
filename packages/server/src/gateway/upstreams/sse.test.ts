import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SseReader } from './sse.ts';

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
