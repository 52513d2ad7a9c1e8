import { useState } from 'react';
import type { ReactNode } from 'react';
import { SecretOnce } from './copy.tsx';
import { Dialog } from './dialog.tsx';

export interface MakeDialogProps<Made> {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly about: string;
  /** In their place once something is made. */
  readonly madeTitle: string;
  /** Ends with `onMade` when what was made is to be shown. */
  readonly renderForm: (onMade: (made: Made) => void) => ReactNode;
  /** What was made, with what is never shown again. */
  readonly renderMade: (made: Made) => ReactNode;
}

/** A form, and in its place what it has made: of that, something is shown this once. */
export function MakeDialog<Made>({
  open,
  onClose,
  title,
  about,
  madeTitle,
  renderForm,
  renderMade,
}: MakeDialogProps<Made>) {
  const [result, setResult] = useState<{ readonly made: Made } | null>(null);
  const close = (): void => {
    setResult(null);
    onClose();
  };
  if (result !== null)
    return (
      <Dialog open={open} onClose={close} title={madeTitle}>
        {renderMade(result.made)}
      </Dialog>
    );
  return (
    <Dialog open={open} onClose={close} title={title} about={about}>
      {open && renderForm((answer) => setResult({ made: answer }))}
    </Dialog>
  );
}

export interface SecretDialogProps {
  readonly title: string;
  readonly about: string;
  /** What it is called. */
  readonly name: string;
  /** Null: there is none to show. */
  readonly secret: string | null;
  readonly onDone: () => void;
}

/** A secret that one press has made, shown this once. */
export const SecretDialog = ({ title, about, name, secret, onDone }: SecretDialogProps) => (
  <Dialog open={secret !== null} onClose={onDone} title={title} about={about}>
    <SecretOnce name={name} secret={secret ?? ''} onDone={onDone} />
  </Dialog>
);
