import { Search, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { cx } from '../ui/cx.ts';
import { inputClass } from '../ui/field.tsx';

export interface FilterBarProps {
  /** What is searched, e.g. `Search servers`. */
  readonly label: string;
  readonly text: string | undefined;
  readonly onText: (text: string | undefined) => void;
  /** Selects and switches beside the search field. */
  readonly children?: ReactNode;
  /** Shown while any filter holds. */
  readonly onClear?: (() => void) | undefined;
}

/** Search and filters over a list. The values belong to the address: see useFilters. */
export function FilterBar({ label, text, onText, children, onClear }: FilterBarProps) {
  // What is typed becomes the filter once the person pauses; then the address has it.
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => {
    if (draft === null) return undefined;
    const timer = setTimeout(() => {
      onText(draft === '' ? undefined : draft);
      setDraft(null);
    }, 150);
    return () => clearTimeout(timer);
  }, [draft, onText]);
  return (
    <div role="search" className="flex flex-wrap items-center gap-2">
      <div className="relative w-72">
        <Search size={15} aria-hidden className="absolute inset-y-0 left-2.5 my-auto text-quiet" />
        <input
          type="search"
          data-search
          aria-label={label}
          placeholder={label}
          value={draft ?? text ?? ''}
          onChange={(event) => setDraft(event.target.value)}
          className={cx(inputClass, 'h-8.5 pl-8')}
        />
      </div>
      {children}
      {onClear !== undefined && (
        <Button look="quiet" onClick={onClear}>
          <X size={14} aria-hidden />
          Clear
        </Button>
      )}
    </div>
  );
}
