import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronsUpDown } from 'lucide-react';
import { cx } from './cx.ts';
import { FieldShell, inputClass } from './field.tsx';
import type { FieldFrame } from './field.tsx';

export interface Choice<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly help?: string;
}

export interface SelectProps<V extends string> extends FieldFrame {
  readonly value: V;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V) => void;
}

/** One of a few. For more than twenty use Combobox. */
export function Select<V extends string>({ value, choices, onChange, ...frame }: SelectProps<V>) {
  return (
    <FieldShell {...frame}>
      <Base.Root<V> items={choices} value={value} onValueChange={(next) => next !== null && onChange(next)}>
        <Base.Trigger className={cx(inputClass, 'flex h-8.5 items-center justify-between gap-2 text-left')}>
          <Base.Value />
          <Base.Icon className="text-quiet">
            <ChevronsUpDown size={14} aria-hidden />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
            <Base.Popup className="popup max-h-80 min-w-(--anchor-width) overflow-y-auto p-1">
              {choices.map(({ value: item, label, help }) => (
                <Base.Item
                  key={item}
                  value={item}
                  className="flex items-start gap-2 rounded px-2 py-1.5 data-highlighted:bg-sunken"
                >
                  <span className="grid h-5 w-4 place-items-center">
                    <Base.ItemIndicator>
                      <Check size={14} aria-hidden />
                    </Base.ItemIndicator>
                  </span>
                  <span>
                    <Base.ItemText>{label}</Base.ItemText>
                    {help !== undefined && <span className="block text-sm text-quiet">{help}</span>}
                  </span>
                </Base.Item>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </FieldShell>
  );
}
