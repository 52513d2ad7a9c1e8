import { describe, expect, it } from 'vitest';
import { wordsOf } from './words.ts';

const words = (text: string): string[] => wordsOf(text, 1_000, 100);

describe('wordsOf', () => {
  it('[NEW-09] takes names apart as people read them', () => {
    const same = words('create_pull_requests');
    expect(same).toHaveLength(3);
    for (const text of ['createPullRequest', 'CreatePullRequests', 'create-pull.request', 'Creating a pull request']) {
      expect(words(text).filter((word) => word !== 'a')).toEqual(same);
    }
    expect(words('parseHTTPResponse2')).toEqual(['pars', 'http', 'respons', '2']);
  });

  it('[NEW-09] compares plurals and other forms alike', () => {
    const alike = [
      ['query', 'queries'],
      ['database', 'databases'],
      ['class', 'classes'],
      ['issue', 'issues'],
      ['create', 'created'],
      ['search', 'searches'],
    ];
    for (const [one, other] of alike) expect(words(other!), other).toEqual(words(one!));
    expect(words('status')).toEqual(['status']);
  });

  it('[NEW-09] reads every script, and pairs of characters where words are not parted', () => {
    expect(words('Größe ändern')).toEqual(['größ', 'ändern']);
    expect(words('創建問題')).toEqual(['創建', '建問', '問題']);
    expect(words('Создать задачу')).toEqual(['создать', 'задачу']);
    expect(words('ｃｒｅａｔｅ')).toEqual(words('create'));
    expect(words('🙂 \u0000 \ud800 --- ')).toEqual([]);
  });

  it('[NEW-09] stops where it is told to, whatever it is given', () => {
    expect(wordsOf('one two three', 7, 9)).toEqual(['one', 'two']);
    expect(wordsOf('one two three', 99, 2)).toEqual(['one', 'two']);
    const started = performance.now();
    // U+FDFA becomes 18 characters when it is normalised.
    for (const text of ['A'.repeat(1e6), 'aA'.repeat(5e5), 'ﷺ'.repeat(1e6), '創'.repeat(1e6)]) {
      const found = wordsOf(text, 2_000, 300);
      expect(found.length).toBeLessThanOrEqual(300);
      expect(Math.max(...found.map((word) => word.length))).toBeLessThanOrEqual(40);
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});
