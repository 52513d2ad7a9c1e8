import type { MatrixCell } from '@mcpnest/contract/schemas/tools';
import { t } from '../../strings/access-decisions.ts';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';

/** A cell in a word: of one tool its verdict, of several how many. */
export function cellWord({ allowed, approval, denied, hidden }: MatrixCell): {
  readonly tone: StatusTone;
  readonly text: string;
} {
  const total = allowed + denied + hidden;
  if (hidden === total && total > 0) return { tone: 'off', text: t('hidden') };
  if (total === 1 && allowed === 1)
    return approval === 1 ? { tone: 'info', text: t('approval') } : { tone: 'ok', text: t('allowed') };
  if (total === 1) return { tone: 'bad', text: t('denied') };
  if (allowed === 0) return { tone: 'bad', text: t('none') };
  if (allowed === total) return { tone: 'ok', text: t('all', { count: total }) };
  return { tone: 'warn', text: t('some', { allowed, total }) };
}

export interface MatrixCellButtonProps {
  readonly cell: MatrixCell | undefined;
  /** `row column`, for the keyboard to find it. */
  readonly place: string;
  /** Whether Tab leads here; arrows lead everywhere. */
  readonly reachable: boolean;
  readonly onFocus: () => void;
  readonly onChoose: (cell: MatrixCell) => void;
}

/** One cell, which opens its explanation. */
export function MatrixCellButton({ cell, place, reachable, onFocus, onChoose }: MatrixCellButtonProps) {
  const word = cell === undefined ? undefined : cellWord(cell);
  return (
    <button
      type="button"
      data-cell={place}
      tabIndex={reachable ? 0 : -1}
      onFocus={onFocus}
      onClick={() => cell !== undefined && onChoose(cell)}
      className="size-full truncate px-2 text-left text-sm hover:bg-sunken focus-visible:-outline-offset-2"
    >
      {word === undefined ? t('loading') : <StatusWord tone={word.tone}>{word.text}</StatusWord>}
    </button>
  );
}
