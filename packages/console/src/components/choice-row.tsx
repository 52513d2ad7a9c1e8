import { cx } from '../ui/cx.ts';
import type { Choice } from '../ui/select.tsx';

export interface ChoiceRowProps<V extends string> {
  /** What is chosen, for screen readers. */
  readonly label: string;
  readonly value: V;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V) => void;
}

/** One of a few short words, in force at once: a filter above a list. */
export const ChoiceRow = <V extends string>({ label, value, choices, onChange }: ChoiceRowProps<V>) => (
  <div role="group" aria-label={label} className="flex w-fit max-w-full flex-wrap gap-0.5 rounded-lg bg-sunken p-0.5">
    {choices.map((choice) => (
      <button
        key={choice.value}
        type="button"
        aria-pressed={choice.value === value}
        onClick={() => onChange(choice.value)}
        className={cx(
          'h-7 rounded-md px-2.5 text-sm whitespace-nowrap',
          choice.value === value
            ? 'bg-panel font-medium text-text shadow-raised inset-ring inset-ring-line'
            : 'text-quiet hover:text-text',
        )}
      >
        {choice.label}
      </button>
    ))}
  </div>
);
