import { describe, expect, it } from 'vitest';
import { estimatedTokens, readToolListMode } from './tool-list.ts';

/** Lists of published servers: tools, bytes of the definitions, tokens counted with o200k_base and with cl100k_base. */
const counted = [
  ['server-memory', 9, 10_749, 2_367, 2_285],
  ['server-filesystem', 14, 12_972, 2_807, 2_756],
  ['server-github', 26, 15_853, 3_572, 3_419],
  ['server-sequential-thinking', 1, 4_639, 1_000, 991],
  ['server-postgres', 1, 130, 30, 30],
  ['server-everything', 13, 7_652, 1_721, 1_680],
  ['server-system-monitor', 2, 2_052, 477, 458],
] as const;

describe('estimatedTokens', () => {
  it.each(counted)('[NEW-09] of %s is within 5 % of what was counted', (_, __, bytes, o200k, cl100k) => {
    for (const tokens of [o200k, cl100k]) {
      expect(estimatedTokens(bytes)).toBeGreaterThan(tokens * 0.95);
      expect(estimatedTokens(bytes)).toBeLessThan(tokens * 1.05);
    }
  });
});

describe('readToolListMode', () => {
  it('[NEW-09] knows three modes', () => {
    expect(['all', 'search', 'auto', 'few', '', null].map(readToolListMode)).toEqual([
      ...['all', 'search', 'auto', undefined, undefined, undefined],
    ]);
  });
});
