import { memo } from 'react';
import type { MouseEvent } from 'react';
import { Checkbox } from './choice-controls.tsx';
import { cx } from './cx.ts';
import type { Column } from './table-model.ts';

interface VirtualRowProps<Row> {
  readonly row: Row;
  readonly id: string;
  readonly index: number;
  /** Pixels from the top of all rows. */
  readonly start: number;
  readonly height: number;
  readonly columns: readonly Column<Row>[];
  readonly gridTemplateColumns: string;
  /** The one row that Tab leads to. */
  readonly current: boolean;
  /** Undefined: rows cannot be selected. */
  readonly selected: boolean | undefined;
  readonly onOpen: ((row: Row) => void) | undefined;
  readonly onActive: (index: number) => void;
  readonly onToggle: (id: string) => void;
}

function Drawn<Row>(props: VirtualRowProps<Row>) {
  const { row, id, index, start, height, columns, gridTemplateColumns, current, selected, onOpen } = props;
  return (
    <div
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={current ? 0 : -1}
      onFocus={() => props.onActive(index)}
      onClick={(event) => opensRow(event) && onOpen?.(row)}
      className={cx(
        'absolute inset-x-0 grid items-center gap-4 border-b border-line px-4 outline-none last:border-b-0',
        'focus-visible:bg-accent-soft focus-visible:inset-ring-2 focus-visible:inset-ring-accent',
        onOpen !== undefined && 'cursor-pointer hover:bg-sunken',
        selected === true && 'bg-accent-soft',
      )}
      style={{ gridTemplateColumns, height, transform: `translateY(${start}px)` }}
    >
      {selected !== undefined && (
        <span role="gridcell">
          <Checkbox
            label={<span className="sr-only">Select row</span>}
            checked={selected}
            onChange={() => props.onToggle(id)}
          />
        </span>
      )}
      {columns.map(({ id: column, cell, align }) => (
        <div key={column} role="gridcell" className={cx('min-w-0 truncate', align === 'end' && 'text-right')}>
          {cell(row)}
        </div>
      ))}
    </div>
  );
}

/** A row of VirtualTable; drawn anew only when something of it has changed, and not for every step of a scroll. */
export const VirtualRow = memo(Drawn) as typeof Drawn;

/** A click on a control in a row is the control's, and so is one in a menu that it has opened elsewhere on the page. */
const opensRow = ({ target, currentTarget }: MouseEvent): boolean =>
  target instanceof Element &&
  currentTarget.contains(target) &&
  target.closest('a, button, input, label, [role="checkbox"]') === null;
