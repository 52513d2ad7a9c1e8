import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { Field as Base } from '@base-ui/react/field';
import { cx } from './cx.ts';
import { FieldShell, inputClass } from './field.tsx';
import type { FieldFrame } from './field.tsx';

export interface PasswordFieldProps extends FieldFrame {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly autoComplete: 'current-password' | 'new-password';
}

/** A password, hidden until the person wants to see it. */
export function PasswordField({ value, onChange, autoComplete, ...frame }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <FieldShell {...frame}>
      <div className="relative">
        <Base.Control
          type={shown ? 'text' : 'password'}
          value={value}
          onValueChange={onChange}
          autoComplete={autoComplete}
          spellCheck={false}
          className={cx(inputClass, 'h-8.5 pr-9')}
        />
        <button
          type="button"
          aria-label={shown ? 'Hide password' : 'Show password'}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 right-0 grid w-9 place-items-center rounded-md text-quiet hover:text-text"
        >
          {shown ? <EyeOff size={16} aria-hidden /> : <Eye size={16} aria-hidden />}
        </button>
      </div>
    </FieldShell>
  );
}
