import { Button } from './button.tsx';

export interface LoadMoreProps {
  readonly shown: number;
  readonly more: boolean;
  readonly busy: boolean;
  readonly onMore: () => void;
}

/** Under a list that has pages: how much is shown, and the way to the rest. */
export function LoadMore({ shown, more, busy, onMore }: LoadMoreProps) {
  return (
    <div className="flex items-center justify-between border-t border-line px-4 py-2 text-sm text-quiet">
      <span aria-live="polite">{more ? `${shown} shown` : `All ${shown} shown`}</span>
      {more && (
        <Button small busy={busy} onClick={onMore}>
          Load more
        </Button>
      )}
    </div>
  );
}
