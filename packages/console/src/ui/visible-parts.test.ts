import { expect, it } from 'vitest';
import { visibleParts } from './visible-parts.ts';

const shown = (text: string): string =>
  visibleParts(text)
    .map((part) => part.text)
    .join('|');

it('makes visible what nobody would see: bidi marks, zero widths, tags, controls', () => {
  expect(shown('pay\u202Eevil')).toBe('pay|U+202E|evil');
  expect(shown('a\u200Bb\u{E0041}\u0007')).toBe('a|U+200B|b|U+E0041|U+0007');
  expect(shown('\u3164\uFE0F\u2066')).toBe('U+3164|U+FE0F|U+2066');
});

it('leaves plain text, line breaks and other scripts alone', () => {
  const text = 'Grüße, 世界!\n\tשלום <b>not markup</b>';
  expect(visibleParts(text)).toEqual([{ text, hidden: false }]);
  expect(visibleParts('')).toEqual([]);
});
