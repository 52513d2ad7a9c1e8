import { describe, expect, it } from 'vitest';
import { scanJson } from '../platform/json/scan.ts';
import { readCapabilities, type ClientCapabilities } from './client-capabilities.ts';
import { clientLimits } from './message.ts';

function read(text: string): ClientCapabilities {
  const bytes = Buffer.from(text);
  return readCapabilities(bytes, scanJson(bytes, clientLimits));
}

describe('readCapabilities', () => {
  it('[edge 61] keeps the text as it came', () => {
    const text = '{ "sampling" : {}, "vendor": { "n": 12345678901234567890 } }';
    expect(read(text).text).toBe(text);
  });

  it.each([
    ['{}', { form: false, url: false }],
    ['{"elicitation":{}}', { form: true, url: false }],
    ['{"elicitation":{"form":{}}}', { form: true, url: false }],
    ['{"elicitation":{"url":{}}}', { form: false, url: true }],
    ['{"elicitation":{"form":{},"url":{}}}', { form: true, url: true }],
    ['{"elicitation":true}', { form: false, url: false }],
    ['{"elicitation":null}', { form: false, url: false }],
  ])('[edge 43] reads the modes of elicitation from %s', (text, modes) => {
    expect(read(text).elicitation).toEqual(modes);
  });

  it('reads sampling, its tools, roots and extensions', () => {
    const declared = read('{"sampling":{"tools":{}},"roots":{"listChanged":true},"extensions":{"a/b":{},"c/d":{}}}');
    expect(declared).toMatchObject({ sampling: true, samplingTools: true, roots: true });
    expect([...declared.extensions]).toEqual(['a/b', 'c/d']);
    expect(read('{"sampling":{}}')).toMatchObject({ sampling: true, samplingTools: false, roots: false });
  });

  it('takes an absent declaration for an empty one and refuses what is none or too long', () => {
    expect(readCapabilities(Buffer.from(''), undefined).text).toBe('{}');
    expect(() => read('[]')).toThrow('must be an object');
    expect(() => read(JSON.stringify({ experimental: 'x'.repeat(17_000) }))).toThrow('longer than');
  });
});
