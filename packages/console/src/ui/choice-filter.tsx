import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronDown } from 'lucide-react';
import { buttonClass } from './button.tsx';
import { cx } from './cx.ts';
import type { Choice } from './select.tsx';

export interface ChoiceFilterProps<V extends string> {
  /** What is filtered by, e.g. `State`. */
  readonly label: string;
  /** Undefined: anything. */
  readonly value: V | undefined;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V | undefined) => void;
  /** What no choice is called; it is shown, too. Default: `Any`, which goes without saying. */
  readonly any?: string;
}

/** One filter beside the search field: its name and what is chosen, on one line. */
export function ChoiceFilter<V extends string>({ label, value, choices, onChange, any }: ChoiceFilterProps<V>) {
  const all: readonly { readonly value: V | ''; readonly label: string }[] = [
    { value: '', label: any ?? 'Any' },
    ...choices,
  ];
  const shown = choices.find((choice) => choice.value === value)?.label;
  return (
    <Base.Root<V | ''>
      items={all}
      value={value ?? ''}
      onValueChange={(next) => onChange(next === null || next === '' ? undefined : next)}
    >
      <Base.Trigger
        aria-label={`${label}: ${shown ?? any ?? 'Any'}`}
        className={cx(buttonClass('plain'), 'font-normal', shown !== undefined && 'border-accent bg-accent-soft')}
      >
        <span className="text-quiet">{label}</span>
        {(shown ?? any) !== undefined && <span className="font-medium text-text">{shown ?? any}</span>}
        <ChevronDown size={14} aria-hidden className="text-quiet" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <Base.Popup className="popup max-h-80 min-w-40 overflow-y-auto p-1">
            {all.map((choice) => (
              <Base.Item
                key={choice.value}
                value={choice.value}
                className="flex items-center gap-2 rounded px-2 py-1.5 data-highlighted:bg-sunken"
              >
                <span className="w-4">
                  <Base.ItemIndicator>
                    <Check size={14} aria-hidden />
                  </Base.ItemIndicator>
                </span>
                <Base.ItemText>{choice.label}</Base.ItemText>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
