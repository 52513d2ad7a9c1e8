import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import { Check, Minus } from 'lucide-react';
import { useId } from 'react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import type { Choice } from './select.tsx';

export interface ToggleProps {
  readonly label: ReactNode;
  readonly help?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

/** Yes or no, sent with a form. */
export function Checkbox({
  label,
  help,
  checked,
  onChange,
  disabled = false,
  some = false,
}: ToggleProps & { readonly some?: boolean }) {
  return (
    <label className="flex items-start gap-2">
      <BaseCheckbox.Root
        checked={checked}
        indeterminate={some}
        disabled={disabled}
        onCheckedChange={onChange}
        className="mt-0.5 grid size-4.5 shrink-0 place-items-center rounded border border-line-strong bg-panel data-checked:border-accent data-checked:bg-accent data-indeterminate:bg-accent"
      >
        <BaseCheckbox.Indicator className="text-on-accent">
          {some ? <Minus size={13} strokeWidth={3} aria-hidden /> : <Check size={13} strokeWidth={3} aria-hidden />}
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <Words label={label} help={help} />
    </label>
  );
}

/** On or off, in force at once. */
export function Switch({ label, help, checked, onChange, disabled = false }: ToggleProps) {
  return (
    <label className="flex items-start gap-3">
      <BaseSwitch.Root
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="mt-0.5 flex h-5 w-8.5 shrink-0 items-center rounded-full border border-line-strong bg-sunken p-0.5 transition-colors data-checked:border-accent data-checked:bg-accent"
      >
        <BaseSwitch.Thumb className="size-3.5 rounded-full bg-line-strong transition-transform data-checked:translate-x-3.5 data-checked:bg-on-accent" />
      </BaseSwitch.Root>
      <Words label={label} help={help} />
    </label>
  );
}

const Words = ({ label, help }: Pick<ToggleProps, 'label' | 'help'>) => (
  <span>
    {label}
    {help !== undefined && <span className="block text-sm text-quiet">{help}</span>}
  </span>
);

export interface RadioCardsProps<V extends string> {
  readonly label: string;
  readonly value: V;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V) => void;
  /** Side by side where there is room. */
  readonly columns?: 1 | 2 | 3;
}

const columnClass = { 1: '', 2: 'sm:grid-cols-2', 3: 'sm:grid-cols-3' } as const;

/** One of a few that need a sentence each. */
export function RadioCards<V extends string>({ label, value, choices, onChange, columns = 1 }: RadioCardsProps<V>) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <span id={id} className="text-sm font-medium">
        {label}
      </span>
      <RadioGroup<V>
        aria-labelledby={id}
        value={value}
        onValueChange={(next) => onChange(next)}
        className={cx('grid gap-2', columnClass[columns])}
      >
        {choices.map((choice) => (
          <label
            key={choice.value}
            className="flex cursor-pointer gap-2.5 rounded-lg border border-line bg-panel p-3 hover:border-line-strong has-data-checked:border-accent has-data-checked:bg-accent-soft"
          >
            <Radio.Root
              value={choice.value}
              className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-line-strong data-checked:border-accent"
            >
              <Radio.Indicator className="size-2 rounded-full bg-accent" />
            </Radio.Root>
            <span>
              <span className="font-medium">{choice.label}</span>
              {choice.help !== undefined && <span className="block text-sm text-quiet">{choice.help}</span>}
            </span>
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
