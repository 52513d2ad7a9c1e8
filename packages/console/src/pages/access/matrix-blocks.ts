import type { Matrix, MatrixCell } from '@mcpnest/contract/schemas/tools';
import { useQueries } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { ofItsOwn } from './reading.ts';

const kinds = ['members', 'teams', 'machines'] as const;
export type MatrixOf = (typeof kinds)[number];
export const isOf = (text: string): text is MatrixOf => kinds.some((kind) => kind === text);

/** What the matrix is of. */
export interface MatrixAsked {
  readonly of: MatrixOf;
  readonly words?: string;
  /** The columns are the tools of this server; otherwise the servers. */
  readonly server?: string;
}

/** Rows and columns are read in blocks of this many each way, those in sight and no others. */
const blockSize = 50;

const block = (workspace: string, asked: MatrixAsked, row: number, column: number) => ({
  ...apiQuery('access', 'matrix', {
    params: { workspace },
    query: {
      ...asked,
      ...{ limit: blockSize, cursor: row * blockSize, columns: blockSize, column: column * blockSize },
    },
  }),
  ...ofItsOwn,
});

/** The block at the top left, which also says how large the matrix is. */
export const firstBlock = (workspace: string, asked: MatrixAsked) => block(workspace, asked, 0, 0);

/** A span of indexes, both included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is known of the part in sight. */
export interface MatrixPart {
  column(index: number): Matrix['columns'][number] | undefined;
  row(index: number): Matrix['rows'][number] | undefined;
  cell(row: number, column: number): MatrixCell | undefined;
}

const blocksOf = ({ from, to }: Span): number[] => {
  const first = Math.floor(from / blockSize);
  return Array.from({ length: Math.floor(to / blockSize) - first + 1 }, (_, index) => first + index);
};

/** Reads the blocks that the spans touch; what is not there yet is undefined. */
export function useMatrixPart(workspace: string, asked: MatrixAsked, rows: Span, columns: Span): MatrixPart {
  const wanted = blocksOf(rows).flatMap((row) => blocksOf(columns).map((column) => [row, column] as const));
  const answers = useQueries({ queries: wanted.map(([row, column]) => block(workspace, asked, row, column)) });
  const known = new Map(wanted.map(([row, column], index) => [`${row} ${column}`, answers[index]?.data]));
  const at = (row: number, column: number): Matrix | undefined =>
    known.get(`${Math.floor(row / blockSize)} ${Math.floor(column / blockSize)}`);
  return {
    column: (index) => at(rows.from, index)?.columns[index % blockSize],
    row: (index) => at(index, columns.from)?.rows[index % blockSize],
    cell: (row, column) => at(row, column)?.rows[row % blockSize]?.cells[column % blockSize],
  };
}
