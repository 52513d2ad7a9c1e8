import { useTable } from '@tanstack/react-table';
import type { Column as TableColumn, RowData } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { useDensity } from '../preferences.ts';
import { Checkbox } from './choice-controls.tsx';
import { cx } from './cx.ts';
import { features, rowAfterKey, tableColumns, toggled } from './table-model.ts';
import type { Column } from './table-model.ts';
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
export function VirtualTable<Row extends RowData>(props: VirtualTableProps<Row>) {
  const { label, columns, rowKey, onOpen, selection, onSelect, footer, visibleRows = 14, onNearEnd } = props;
  const [active, setActive] = useState(0);
  const [density] = useDensity();
  const scroller = useRef<HTMLDivElement>(null);
  const definitions = useMemo(() => tableColumns(columns), [columns]);
  const table = useTable({
    ...{ features, data: props.rows, columns: definitions, getRowId: rowKey },
    enableMultiSort: false,
  });
  const { rows } = table.getRowModel();
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
    (id: string) => {
      if (selection !== undefined) onSelect?.(toggled(selection, id));
    },
    [selection, onSelect],
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
    else if (event.key === 'Enter' && row !== undefined && onOpen !== undefined) onOpen(row.original);
    else if (event.key === ' ' && row !== undefined && selectable) onSelect(toggled(selection, row.id));
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
                  onChange={(checked) => onSelect(new Set(checked ? rows.map(({ id }) => id) : []))}
                />
              </span>
            )}
            {columns.map(({ id, header, headerHidden, align }) => (
              <Heading key={id} text={header} hidden={headerHidden} align={align} column={table.getColumn(id)} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="relative min-w-fit" style={{ height: virtual.getTotalSize() }}>
          {/* Rows are out of the flow; this needs the room they need. */}
          <div role="presentation" className="grid gap-4 px-4" style={{ gridTemplateColumns }} />
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const { id, original } = row;
            return (
              <VirtualRow
                key={id}
                row={original}
                {...{ id, index, start, height, columns, gridTemplateColumns, onOpen, onToggle }}
                current={index === current}
                selected={selectable ? selection.has(id) : undefined}
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

interface HeadingProps<Row extends RowData> {
  readonly text: string;
  /** Only read aloud. */
  readonly hidden: boolean | undefined;
  readonly align: Column<Row>['align'];
  readonly column: TableColumn<typeof features, Row> | undefined;
}

const directions = { asc: 'ascending', desc: 'descending' } as const;

function Heading<Row extends RowData>({ text, hidden, align, column }: HeadingProps<Row>) {
  const sorted = column?.getIsSorted() || undefined;
  const Arrow = sorted === 'desc' ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      aria-sort={sorted && directions[sorted]}
      className={cx('flex h-9 items-center text-sm font-medium text-quiet', align === 'end' && 'justify-end')}
    >
      {column?.getCanSort() === true ? (
        <button
          type="button"
          onClick={column.getToggleSortingHandler()}
          className={cx(
            '-mx-1 flex items-center gap-1 rounded px-1 hover:text-text',
            align === 'end' && 'flex-row-reverse',
          )}
        >
          {text}
          <Arrow size={13} aria-hidden className={sorted === undefined ? 'invisible' : ''} />
        </button>
      ) : (
        <span className={hidden === true ? 'sr-only' : ''}>{text}</span>
      )}
    </div>
  );
}
