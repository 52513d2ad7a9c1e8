/** A page of an answer. */
export interface AnswerPage<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

/** Reads one page, the first without a cursor. */
export type ReadPage<Row> = (cursor: { readonly cursor?: string }) => Promise<AnswerPage<Row>>;

/**
 * All rows of an answer, page by page.
 * @param mostPages after which it ends
 * @returns the rows, and whether there are more
 */
export async function readAll<Row>(
  readPage: ReadPage<Row>,
  mostPages: number,
): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> {
  const rows: Row[] = [];
  let cursor: { readonly cursor?: string } = {};
  for (let count = 0; count < mostPages; count += 1) {
    const { items, nextCursor } = await readPage(cursor);
    rows.push(...items);
    if (nextCursor === null) return { rows, more: false };
    cursor = { cursor: nextCursor };
  }
  return { rows, more: true };
}
