import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Button, IconButton } from './button.tsx';
import { Notice } from './notice.tsx';

/** Whether something was copied in the last two seconds, and the way to copy. */
function useCopied(text: string): readonly [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return [copied, copy];
}

/** Copy a text that is beside it. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [copied, copy] = useCopied(text);
  return (
    <IconButton
      small
      label={copied ? 'Copied' : label}
      onClick={copy}
      icon={copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
    />
  );
}

/** Text for a machine, to be copied as a whole. */
export function CodeBlock({ code, label }: { readonly code: string; readonly label: string }) {
  return (
    <div className="flex items-start gap-1 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
      <pre
        role="region"
        aria-label={label}
        tabIndex={0}
        className="min-w-0 grow overflow-x-auto py-1 font-mono text-sm"
      >
        <code>{code}</code>
      </pre>
      <CopyButton text={code} label={`Copy ${label}`} />
    </div>
  );
}

export interface SecretOnceProps {
  /** What it is, e.g. `Gateway token`. */
  readonly name: string;
  readonly secret: string;
  /** The command or configuration with the secret in it, ready to paste. */
  readonly ready?: { readonly label: string; readonly code: string };
  readonly onDone: () => void;
  readonly children?: ReactNode;
}

/** A secret that is shown this once: nobody can read it again, the server neither. */
export function SecretOnce({ name, secret, ready, onDone, children }: SecretOnceProps) {
  return (
    <div className="flex flex-col gap-3">
      <Notice tone="warn" title="Shown this once">
        Copy it now. It is stored as a digest only; if it is lost, make another.
      </Notice>
      <CodeBlock label={name} code={secret} />
      {ready !== undefined && <CodeBlock label={ready.label} code={ready.code} />}
      {children}
      <div className="flex justify-end">
        <Button look="primary" onClick={onDone}>
          I have copied it
        </Button>
      </div>
    </div>
  );
}
