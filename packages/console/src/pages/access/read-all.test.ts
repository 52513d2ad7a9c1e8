import { expect, it } from 'vitest';
import { readAll } from './read-all.ts';

const pages = (count: number) => {
  const asked: (string | undefined)[] = [];
  const readPage = async ({ cursor }: { cursor?: string }) => {
    asked.push(cursor);
    return { items: [asked.length], nextCursor: asked.length < count ? `after ${asked.length}` : null };
  };
  return { asked, readPage };
};

it('reads every page, each from where the last one ended', async () => {
  const { asked, readPage } = pages(3);
  expect(await readAll(readPage, 3)).toEqual({ rows: [1, 2, 3], more: false });
  expect(asked).toEqual([undefined, 'after 1', 'after 2']);
});

it('ends at the bound and says that there is more', async () => {
  const { asked, readPage } = pages(4);
  expect(await readAll(readPage, 3)).toEqual({ rows: [1, 2, 3], more: true });
  expect(asked).toHaveLength(3);
});
