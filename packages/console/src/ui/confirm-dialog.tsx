import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';
import { Notice } from './notice.tsx';

export interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  /** The question, with the name of the thing in it. */
  readonly title: string;
  /** What will be so afterwards, one line each: who and what is affected, by number. */
  readonly consequences: readonly ReactNode[];
  /** The verb on the button. */
  readonly action: string;
  readonly onConfirm: () => void;
  readonly busy?: boolean;
  readonly problem?: { readonly title: string; readonly detail: string } | undefined;
  /** To be typed before the button works; for what cannot be brought back. */
  readonly typed?: string;
}

/** Ask before something is taken away. */
export function ConfirmDialog({ open, onClose, ...rest }: ConfirmDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={rest.title}>
      {open && <Question {...rest} onClose={onClose} />}
    </Dialog>
  );
}

export interface ConfirmButtonProps extends Omit<ConfirmDialogProps, 'open' | 'onClose' | 'onConfirm'> {
  /** What asks the question; undefined: its verb. */
  readonly label?: string;
  readonly look?: 'plain' | 'danger';
  /** @param close leaves the question, when what was confirmed is done */
  readonly onConfirm: (close: () => void) => void;
}

/** A button that asks before it does something. */
export function ConfirmButton({ label, look = 'danger', onConfirm, ...question }: ConfirmButtonProps) {
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  return (
    <>
      <Button small look={look} onClick={() => setAsking(true)}>
        {label ?? question.action}
      </Button>
      <ConfirmDialog {...question} open={asking} onClose={close} onConfirm={() => onConfirm(close)} />
    </>
  );
}

function Question({
  onClose,
  consequences,
  action,
  onConfirm,
  busy = false,
  problem,
  typed,
}: Omit<ConfirmDialogProps, 'open'>) {
  const [text, setText] = useState('');
  const ready = typed === undefined || text === typed;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) onConfirm();
      }}
    >
      <ul className="flex list-disc flex-col gap-1 pl-5">
        {consequences.map((line, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- the lines are fixed while the question stands
          <li key={index}>{line}</li>
        ))}
      </ul>
      {typed !== undefined && (
        <TextField
          label={
            <>
              Type <code className="rounded bg-sunken px-1 font-mono">{typed}</code> to confirm
            </>
          }
          value={text}
          onChange={setText}
          autoComplete="off"
          spellCheck={false}
          mono
        />
      )}
      {problem !== undefined && (
        <Notice tone="bad" title={problem.title}>
          {problem.detail}
        </Notice>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="danger" busy={busy} disabled={!ready}>
          {action}
        </Button>
      </div>
    </form>
  );
}
