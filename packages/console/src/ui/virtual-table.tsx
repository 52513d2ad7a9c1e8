import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { useDensity } from '../preferences.ts';
import { Checkbox } from './choice-controls.tsx';
import { cx } from './cx.ts';
import { nextSort, rowAfterKey, sortRows, toggled } from './table-model.ts';
import type { Column, Sort } from './table-model.ts';
import { VirtualRow } from './virtual-row.tsx';

export interface VirtualTableProps<Row> {
  /** What the rows are, for screen readers. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  /** What Enter and a click on a row do. */
  readonly onOpen?: (row: Row) => void;
  /** Keys of the selected rows, where rows can be selected. */
  readonly selection?: ReadonlySet<string>;
  readonly onSelect?: (selection: ReadonlySet<string>) => void;
  /** Rows there are in all, when more can be read. */
  readonly total?: number;
  /** Under the last row: `LoadMore`. */
  readonly footer?: ReactNode;
  /** Room for as many rows; the rest is scrolled to. */
  readonly visibleRows?: number;
  /** Called when the last rows come into sight, to read more; must keep its identity while nothing has changed. */
  readonly onNearEnd?: (() => void) | undefined;
}

const rowHeights = { comfortable: 44, compact: 34 } as const;

/**
 * Rows of any number, of which only those in sight exist (ARIA grid pattern). Arrows, j and k move, Enter opens,
 * Space selects.
 */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, rowKey, onOpen, selection, onSelect, footer, visibleRows = 14, onNearEnd } = props;
  const [sort, setSort] = useState<Sort | null>(null);
  const [active, setActive] = useState(0);
  const [density] = useDensity();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => sortRows(props.rows, columns, sort), [props.rows, columns, sort]);
  const height = rowHeights[density];
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
  });
  const nearEnd = rows.length > 0 && (virtual.getVirtualItems().at(-1)?.index ?? 0) >= rows.length - 1;
  useEffect(() => {
    if (nearEnd) onNearEnd?.();
  }, [nearEnd, onNearEnd, rows.length]);
  const selectable = selection !== undefined && onSelect !== undefined;
  const tracks = columns.map(({ width }) => width ?? 'minmax(8rem, 1fr)');
  const gridTemplateColumns = [...(selectable ? ['2.25rem'] : []), ...tracks].join(' ');
  const current = Math.min(active, Math.max(0, rows.length - 1));

  const onToggle = useCallback(
    (row: Row) => {
      if (selection !== undefined) onSelect?.(toggled(selection, rowKey(row)));
    },
    [selection, onSelect, rowKey],
  );

  function focusRow(index: number): void {
    setActive(index);
    virtual.scrollToIndex(index);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus());
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    const { target } = event;
    if (!(target instanceof HTMLElement) || target.dataset['index'] === undefined) return;
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const row = rows[current];
    const next = rowAfterKey(event.key, current, rows.length, visibleRows);
    if (next !== undefined) focusRow(next);
    else if (event.key === 'Enter' && row !== undefined && onOpen !== undefined) onOpen(row);
    else if (event.key === ' ' && row !== undefined && selectable) onSelect(toggled(selection, rowKey(row)));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className="overflow-hidden rounded-xl border border-line bg-panel shadow-raised">
      <div
        ref={scroller}
        role="grid"
        aria-label={label}
        aria-rowcount={(props.total ?? rows.length) + 1}
        aria-colcount={columns.length + (selectable ? 1 : 0)}
        aria-multiselectable={selectable || undefined}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="overflow-auto"
        style={{ maxHeight: height * visibleRows + 38 }}
      >
        <div role="rowgroup" className="sticky top-0 z-10 min-w-fit border-b border-line bg-sunken">
          <div role="row" aria-rowindex={1} className="grid gap-4 px-4" style={{ gridTemplateColumns }}>
            {selectable && (
              <span role="columnheader" className="flex items-center">
                <Checkbox
                  label={<span className="sr-only">Select all</span>}
                  checked={rows.length > 0 && selection.size === rows.length}
                  some={selection.size > 0 && selection.size < rows.length}
                  onChange={(checked) => onSelect(new Set(checked ? rows.map((row) => rowKey(row)) : []))}
                />
              </span>
            )}
            {columns.map((column) => (
              <Heading key={column.id} column={column} sort={sort} onSort={() => setSort(nextSort(sort, column.id))} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="relative min-w-fit" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              <VirtualRow
                key={key}
                {...{ row, index, start, height, columns, gridTemplateColumns, onOpen, onToggle }}
                current={index === current}
                selected={selectable ? selection.has(key) : undefined}
                onActive={setActive}
              />
            );
          })}
        </div>
      </div>
      {footer}
    </div>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  readonly sort: Sort | null;
  readonly onSort: () => void;
}

function Heading<Row>({ column, sort, onSort }: HeadingProps<Row>) {
  const sorted = sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : undefined;
  const Arrow = sorted === 'descending' ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      aria-sort={sorted}
      className={cx('flex h-9 items-center text-sm font-medium text-quiet', column.align === 'end' && 'justify-end')}
    >
      {column.sortBy === undefined ? (
        column.header
      ) : (
        <button
          type="button"
          onClick={onSort}
          className={cx(
            '-mx-1 flex items-center gap-1 rounded px-1 hover:text-text',
            column.align === 'end' && 'flex-row-reverse',
          )}
        >
          {column.header}
          <Arrow size={13} aria-hidden className={sorted === undefined ? 'invisible' : ''} />
        </button>
      )}
    </div>
  );
}
