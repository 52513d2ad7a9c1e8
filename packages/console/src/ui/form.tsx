import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

export interface FormProps {
  readonly children: ReactNode;
  readonly submit: string;
  readonly busy: boolean;
  /** What went wrong as a whole; what concerns a field is shown at the field. */
  readonly problem?: { readonly title: string; readonly detail: string } | undefined;
  readonly onSubmit: () => void;
  readonly onCancel?: () => void;
  readonly disabled?: boolean;
}

/** Fields, what went wrong, and the buttons, in that order. */
export function Form({ children, submit, busy, problem, onSubmit, onCancel, disabled = false }: FormProps) {
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy && !disabled) onSubmit();
      }}
    >
      {children}
      {problem !== undefined && (
        <Notice tone="bad" title={problem.title}>
          {problem.detail}
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
