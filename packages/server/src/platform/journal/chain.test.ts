import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chainHash, genesis, LineComposer, lineStart, splitLine } from './chain.ts';

// Written out, not computed: a change of the format must not go unnoticed by code that both writes and reads it.
const first = {
  body: `{"v":1,"node":"n1","epoch":1,"seq":1,"prev":"${genesis}","t":"2026-11-21T00:00:00.000Z","kind":"gap"`,
  hash: '060a470f093de0c88e49048baa8aa02c99722c566e6f32b9a99c5bfdae482652',
};
const second = {
  body: '{"v":2,"node":"n1","epoch":1,"seq":2,"t":"2026-11-21T00:00:00.001Z","kind":"gap"',
  hash: '769b440d9a88e64667ea21e14c43963bfc58a190526f4dccc79cc6d24bb5846b',
};

it('[AUD-03] lines of both forms keep the digests they were written with', () => {
  for (const [line, before, version] of [
    [first, genesis, 1],
    [second, first.hash, 2],
  ] as const) {
    expect(chainHash(before, line.body, version)).toBe(line.hash);
    expect(splitLine(`${line.body},"hash":"${line.hash}"}`)).toMatchObject({ ...line, version, node: 'n1', epoch: 1 });
  }
  const composer = new LineComposer();
  composer.begin(first.hash);
  expect(composer.add(second.body)).toBe(second.hash);
  expect(composer.lines().toString('latin1')).toBe(`${second.body},"hash":"${second.hash}"}\n`);
  expect(second.body.startsWith(lineStart('n1', 1))).toBe(true);
});

it('[AUD-03] a group of any size is the lines one by one', () => {
  const composer = new LineComposer();
  const body = fc.string({ maxLength: 3_000 }).map((text) => text.replace(/[^ -~]/g, '.'));
  fc.assert(
    fc.property(fc.array(body, { maxLength: 60 }), (bodies) => {
      composer.begin(genesis);
      let before = genesis;
      let expected = '';
      for (const one of bodies) {
        before = chainHash(before, one, 2);
        expect(composer.add(one)).toBe(before);
        expected += `${one},"hash":"${before}"}\n`;
      }
      expect(composer.lines().toString('latin1')).toBe(expected);
    }),
    { numRuns: 40 },
  );
});

it('a group goes on whatever a record is made of', () => {
  const composer = new LineComposer();
  composer.begin(genesis);
  const bodies = ['x'.repeat(65_000), 'é'.repeat(200), '☃', 'y'];
  for (const body of bodies) composer.add(body);
  const lines = composer.lines().toString('latin1').split('\n');
  expect(lines.map((line) => line.length)).toEqual([...bodies.map((body) => body.length + 75), 0]);
});
