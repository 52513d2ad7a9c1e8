import { useState } from 'react';
import { Button } from './button.tsx';
import { visibleParts } from './visible-parts.ts';

export interface UntrustedTextProps {
  /** Written by somebody else: an upstream's description, a name, a line of a log. */
  readonly text: string;
  /** Characters shown before the rest is asked for. */
  readonly limit?: number;
  readonly mono?: boolean;
}

/** Text of others: never markup, its invisible characters made visible, and bounded until asked for. */
export function UntrustedText({ text, limit = 400, mono = false }: UntrustedTextProps) {
  const [all, setAll] = useState(false);
  const cut = !all && text.length > limit;
  return (
    <span className={mono ? 'font-mono text-sm break-words whitespace-pre-wrap' : 'break-words whitespace-pre-wrap'}>
      <bdi>
        {visibleParts(cut ? text.slice(0, limit) : text).map((part, index) =>
          part.hidden ? (
            // oxlint-disable-next-line react/no-array-index-key -- parts of a text have their place only
            <span key={index} title={part.name} className="mx-px rounded bg-warn-soft px-1 font-mono text-xs text-warn">
              {part.text}
            </span>
          ) : (
            part.text
          ),
        )}
      </bdi>
      {cut && (
        <>
          {'… '}
          <Button look="quiet" small onClick={() => setAll(true)}>
            Show all {text.length} characters
          </Button>
        </>
      )}
    </span>
  );
}
