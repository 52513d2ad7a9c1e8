import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonRejected, member, scanJson, sourceText, stringValue, type ScanLimits } from './scan.ts';

const strict: ScanLimits = { maxDepth: 64, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 64, strict: true };
const lenient: ScanLimits = { ...strict, strict: false };
const fault = (text: string | Buffer, limits = strict): string => {
  try {
    scanJson(Buffer.from(text as string), limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof JsonRejected) return error.fault;
    throw error;
  }
};

describe('scanJson', () => {
  it('finds every member of any JSON value at its place', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (value, indent) => {
        const bytes = Buffer.from(JSON.stringify(value, null, indent));
        const root = scanJson(bytes, lenient);
        expect(root.keys).toEqual(Object.keys(value));
        for (const [key, inner] of Object.entries(value)) {
          expect(JSON.parse(sourceText(bytes, member(root, key)!))).toEqual(JSON.parse(JSON.stringify(inner)));
        }
      }),
    );
  });

  it('accepts exactly what JSON.parse accepts, whatever one byte is changed to', () => {
    const changed = fc.record({ value: fc.jsonValue(), at: fc.nat(), byte: fc.integer({ min: 0x20, max: 0x7e }) });
    fc.assert(
      fc.property(changed, ({ value, at, byte }) => {
        const bytes = Buffer.from(JSON.stringify(value));
        bytes[at % bytes.length] = byte;
        const text = bytes.toString();
        if (!Buffer.from(text).equals(bytes)) return;
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(fault(bytes, lenient)).toBe(valid ? 'accepted' : 'malformed');
      }),
      { numRuns: 2_000 },
    );
  });

  it('accepts and refuses the same in long strings of answers as in short ones', () => {
    const long = 'x'.repeat(5_000);
    for (const text of [`"${long}"`, `"${long}\\n${long}\\"${long}"`, `{"a":"${long}","b":["${long}"]}`]) {
      expect(fault(text, lenient)).toBe('accepted');
    }
    for (const text of [`"${long}`, `"${long}\\x"`, `"${long}\\"`, `{"a":"${long}"`]) {
      expect(fault(text, lenient)).toBe('malformed');
    }
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '01',
    '1.',
    '.5',
    '-',
    '1e',
    '+1',
    'nul',
    'True',
    '"\u0001"',
    '"\\u12g4"',
    '1 2',
    "{'a':1}",
    '\uFEFF{}',
  ])('refuses %j', (text) => {
    expect(fault(text)).toBe('malformed');
  });

  it('refuses a second member of the same name, also when one is spelled with escapes', () => {
    expect(fault('{"name":1,"n\\u0061me":2}')).toBe('duplicate_key');
    expect(fault('{"a":{"b":1,"b":2}}')).toBe('duplicate_key');
    expect(fault(`{${Array.from({ length: 20 }, (_, i) => `"k${i}":0`).join(',')},"k7":1}`)).toBe('duplicate_key');
    expect(fault('{"a":1,"A":2}')).toBe('accepted');
  });

  it('treats __proto__ as a name like any other', () => {
    const bytes = Buffer.from('{"__proto__":{"isAdmin":true},"constructor":1}');
    const root = scanJson(bytes, strict);
    expect(root.keys).toEqual(['__proto__', 'constructor']);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('refuses what is not text: bad UTF-8, NUL, lone surrogates', () => {
    expect(fault(Buffer.from([0x22, 0xff, 0x22]))).toBe('not_utf8');
    expect(fault('"\\u0000"')).toBe('bad_text');
    expect(fault('"\\ud800"')).toBe('bad_text');
    expect(fault('"\\udc00\\ud800"')).toBe('bad_text');
    expect(fault('"\\ud83d\\ude00"')).toBe('accepted');
  });

  it('bounds depth, values and members without recursion trouble', () => {
    expect(fault('['.repeat(64) + ']'.repeat(64))).toBe('accepted');
    expect(fault('['.repeat(65) + ']'.repeat(65))).toBe('too_deep');
    expect(fault('['.repeat(1_000_000))).toBe('too_deep');
    expect(fault(`[${'0,'.repeat(50_000)}0]`)).toBe('too_many');
    expect(fault(`{${Array.from({ length: 5_001 }, (_, i) => `"${i}":0`).join(',')}}`)).toBe('too_many');
  });

  it('keeps the text of numbers', () => {
    const bytes = Buffer.from('{"id":12345678901234567890,"x":1.10e+2}');
    const root = scanJson(bytes, strict);
    expect(sourceText(bytes, member(root, 'id')!)).toBe('12345678901234567890');
    expect(sourceText(bytes, member(root, 'x')!)).toBe('1.10e+2');
    expect(stringValue(bytes, member(root, 'id'))).toBeUndefined();
  });
});
