import { Combobox as Base } from '@base-ui/react/combobox';
import { Check } from 'lucide-react';
import { cx } from './cx.ts';
import { FieldShell, inputClass } from './field.tsx';
import type { FieldFrame } from './field.tsx';
import type { Choice } from './select.tsx';

export interface ComboboxProps<V extends string> extends FieldFrame {
  readonly value: V | null;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V | null) => void;
  readonly placeholder?: string;
}

/** One of many, found by typing. */
export function Combobox<V extends string>({ value, choices, onChange, placeholder, ...frame }: ComboboxProps<V>) {
  const chosen = choices.find((choice) => choice.value === value) ?? null;
  return (
    <FieldShell {...frame}>
      <Base.Root<Choice<V>> items={choices} value={chosen} onValueChange={(next) => onChange(next?.value ?? null)}>
        <Base.Input placeholder={placeholder} className={cx(inputClass, 'h-8.5')} />
        <Base.Portal>
          <Base.Positioner sideOffset={4} className="z-50">
            <Base.Popup className="popup max-h-80 min-w-(--anchor-width) overflow-y-auto p-1">
              <Base.Empty className="px-2 py-1.5 text-sm text-quiet empty:hidden">Nothing fits.</Base.Empty>
              <Base.List>
                {(choice: Choice<V>) => (
                  <Base.Item
                    key={choice.value}
                    value={choice}
                    className="flex items-center gap-2 rounded px-2 py-1.5 data-highlighted:bg-sunken"
                  >
                    <span className="w-4">
                      <Base.ItemIndicator>
                        <Check size={14} aria-hidden />
                      </Base.ItemIndicator>
                    </span>
                    {choice.label}
                  </Base.Item>
                )}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </FieldShell>
  );
}
