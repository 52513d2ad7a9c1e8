import { Field as Base } from '@base-ui/react/field';
import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import { useShowFault } from './shown-faults.ts';

/** What every field has around it. */
export interface FieldFrame {
  readonly label: ReactNode;
  /** Name of the value in the form, and of the server's complaint about it. */
  readonly name?: string;
  readonly help?: ReactNode;
  /** What is wrong with the value; shown beside it and read aloud with it. */
  readonly error?: string | undefined;
  readonly optional?: boolean;
}

export const inputClass = cx(
  'w-full rounded-md border border-line-strong/70 bg-panel px-2.5 text-base text-text placeholder:text-quiet',
  'hover:border-line-strong focus-visible:outline-offset-0 data-[invalid]:border-bad disabled:opacity-60',
);

/** Label, control, help and error, tied together for screen readers. */
export function FieldShell({
  label,
  name,
  help,
  error,
  optional = false,
  children,
}: FieldFrame & { readonly children: ReactNode }) {
  useShowFault(error);
  return (
    <Base.Root {...(name === undefined ? {} : { name })} invalid={error !== undefined} className="flex flex-col gap-1">
      <Base.Label className="text-sm font-medium text-text">
        {label}
        {optional && <span className="font-normal text-quiet"> (optional)</span>}
      </Base.Label>
      {children}
      {help !== undefined && <Base.Description className="text-sm text-quiet">{help}</Base.Description>}
      {error !== undefined && (
        <Base.Error match className="text-sm text-bad">
          {error}
        </Base.Error>
      )}
    </Base.Root>
  );
}

export interface TextFieldProps
  extends FieldFrame, Omit<ComponentProps<'input'>, 'name' | 'className' | 'value' | 'onChange'> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly mono?: boolean;
}

/** One line of text. */
export function TextField({
  label,
  name,
  help,
  error,
  optional,
  value,
  onChange,
  mono = false,
  ref,
  ...rest
}: TextFieldProps) {
  return (
    <FieldShell
      {...{ label, help, error }}
      {...(name === undefined ? {} : { name })}
      {...(optional === undefined ? {} : { optional })}
    >
      <Base.Control
        {...rest}
        {...(ref === undefined ? {} : { ref })}
        value={value}
        onValueChange={onChange}
        className={cx(inputClass, 'h-8.5', mono && 'font-mono text-sm')}
      />
    </FieldShell>
  );
}

export interface TextAreaProps extends FieldFrame {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly mono?: boolean;
  readonly placeholder?: string;
}

/** Several lines of text. */
export function TextArea({ value, onChange, rows = 4, mono = false, placeholder, ...frame }: TextAreaProps) {
  return (
    <FieldShell {...frame}>
      <Base.Control
        value={value}
        onValueChange={onChange}
        render={<textarea rows={rows} placeholder={placeholder} />}
        className={cx(inputClass, 'py-1.5', mono && 'font-mono text-sm')}
      />
    </FieldShell>
  );
}
