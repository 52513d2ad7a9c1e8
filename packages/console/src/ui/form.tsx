import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';
import { beyondFields, ShownFaults, useShownFaults } from './shown-faults.ts';
import type { FormProblem } from './shown-faults.ts';

export interface FormProps {
  readonly children: ReactNode;
  readonly submit: string;
  readonly busy: boolean;
  /** All that went wrong; what a field shows is not said again. */
  readonly problem?: FormProblem | undefined;
  readonly onSubmit: () => void;
  readonly onCancel?: () => void;
  readonly disabled?: boolean;
}

/** Fields, what went wrong beyond them, and the buttons, in that order. */
export function Form({ children, submit, busy, problem, onSubmit, onCancel, disabled = false }: FormProps) {
  const [shown, show] = useShownFaults();
  const [tries, setTries] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const rest = problem === undefined ? undefined : beyondFields(problem, shown);
  useEffect(() => {
    if (tries > 0 && !busy) form.current?.querySelector<HTMLElement>(faulty)?.focus();
  }, [tries, busy]);
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (busy || disabled) return;
        setTries(tries + 1);
        onSubmit();
      }}
    >
      <ShownFaults value={show}>{children}</ShownFaults>
      {rest !== undefined && (
        <Notice tone="bad" title={rest.title}>
          {rest.lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </Notice>
      )}
      <div className="flex flex-row-reverse justify-start gap-2 pt-1">
        <Button type="submit" look="primary" busy={busy} disabled={disabled}>
          {submit}
        </Button>
        {onCancel !== undefined && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </form>
  );
}

/** The first control with a fault, in the order of the page. */
const faulty = '[data-invalid] :is(input, textarea, button), :is(input, textarea, button)[data-invalid]';
