import { useVirtualizer } from '@tanstack/react-virtual';
import type { VirtualItem } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import type { Chosen } from './explain-panel.tsx';
import { MatrixCellButton } from './matrix-cell.tsx';
import { useMatrixPart } from './matrix-blocks.ts';
import type { MatrixAsked, Span } from './matrix-blocks.ts';

export interface MatrixGridProps {
  readonly asked: MatrixAsked;
  readonly totals: { readonly rows: number; readonly columns: number };
  readonly onChoose: (chosen: Chosen) => void;
  /** Somebody wants the tools of a server for columns. */
  readonly onServer: (server: string) => void;
}

const cellWidth = 128;
const cellHeight = 36;
const headWidth = 208;
const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

const spanOf = (items: readonly VirtualItem[]): Span => ({ from: items[0]?.index ?? 0, to: items.at(-1)?.index ?? 0 });

/** A matrix of any size, of which only what is in sight is read and drawn. Arrows move, Enter opens a cell. */
export function MatrixGrid({ asked, totals, onChoose, onServer }: MatrixGridProps) {
  const workspace = useWorkspace();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<readonly [number, number]>([0, 0]);
  const shared = { getScrollElement: () => scroller.current, overscan: 4 };
  const down = useVirtualizer({
    ...shared,
    count: totals.rows,
    estimateSize: () => cellHeight,
    scrollPaddingStart: cellHeight,
  });
  const across = useVirtualizer({
    ...shared,
    horizontal: true,
    count: totals.columns,
    estimateSize: () => cellWidth,
    scrollPaddingStart: headWidth,
  });
  const rows = down.getVirtualItems();
  const columns = across.getVirtualItems();
  const part = useMatrixPart(workspace, asked, spanOf(rows), spanOf(columns));

  function onKeyDown(event: KeyboardEvent): void {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const row = Math.min(totals.rows - 1, Math.max(0, at[0] + step[0]));
    const column = Math.min(totals.columns - 1, Math.max(0, at[1] + step[1]));
    setAt([row, column]);
    down.scrollToIndex(row);
    across.scrollToIndex(column);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-cell="${row} ${column}"]`)?.focus(),
    );
  }

  return (
    <div className="overflow-hidden rounded-xl border border-line bg-panel shadow-raised">
      <div
        ref={scroller}
        role="grid"
        aria-label={t('matrixAbout')}
        aria-rowcount={totals.rows + 1}
        aria-colcount={totals.columns + 1}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="max-h-[65vh] overflow-auto"
      >
        <div
          role="rowgroup"
          className="sticky top-0 z-20 border-b border-line bg-sunken"
          style={{ width: headWidth + across.getTotalSize(), height: cellHeight }}
        >
          <div role="row" aria-rowindex={1} className="relative h-full">
            <span
              role="columnheader"
              aria-colindex={1}
              className="sticky left-0 z-10 flex h-full items-center border-r border-line bg-sunken px-3 text-sm font-medium text-quiet"
              style={{ width: headWidth }}
            >
              {t('who')}
            </span>
            {columns.map(({ index, start }) => {
              const column = part.column(index);
              const name = column?.tool ?? column?.server ?? t('loading');
              return (
                <span
                  key={index}
                  role="columnheader"
                  aria-colindex={index + 2}
                  className="absolute top-0 flex h-full items-center truncate px-2 text-sm font-medium"
                  style={{ left: headWidth + start, width: cellWidth }}
                >
                  {column !== undefined && column.tool === null && asked.server === undefined ? (
                    <button
                      type="button"
                      onClick={() => onServer(column.server)}
                      className="truncate rounded text-accent-text hover:underline"
                    >
                      {name}
                    </button>
                  ) : (
                    <span className="truncate" title={name}>
                      {name}
                    </span>
                  )}
                </span>
              );
            })}
          </div>
        </div>
        <div
          role="rowgroup"
          className="relative"
          style={{ width: headWidth + across.getTotalSize(), height: down.getTotalSize() }}
        >
          {rows.map((line) => {
            const row = part.row(line.index);
            return (
              <div
                key={line.index}
                role="row"
                aria-rowindex={line.index + 2}
                className="absolute inset-x-0 border-b border-line last:border-b-0"
                style={{ height: cellHeight, transform: `translateY(${line.start}px)` }}
              >
                <span
                  role="rowheader"
                  aria-colindex={1}
                  className="sticky left-0 z-10 block h-full truncate border-r border-line bg-panel px-3 leading-9"
                  style={{ width: headWidth }}
                >
                  {row === undefined ? t('loading') : <UntrustedText text={row.subject.replace(/^\w+:/, '')} />}
                </span>
                {columns.map(({ index, start }) => (
                  <span
                    key={index}
                    role="gridcell"
                    aria-colindex={index + 2}
                    className="absolute top-0 h-full"
                    style={{ left: headWidth + start, width: cellWidth }}
                  >
                    <MatrixCellButton
                      cell={part.cell(line.index, index)}
                      place={`${line.index} ${index}`}
                      reachable={at[0] === line.index && at[1] === index}
                      onFocus={() => setAt([line.index, index])}
                      onChoose={(cell) => {
                        const column = part.column(index);
                        if (row !== undefined && column !== undefined) onChoose({ row, column, cell });
                      }}
                    />
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
