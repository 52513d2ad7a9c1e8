import { X } from 'lucide-react';
import { useState } from 'react';
import { t } from '../../strings/access-security.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { isPattern, withEntry } from './allowlist.ts';

export interface AllowlistPatternsProps {
  readonly entries: ReadonlySet<string>;
  readonly servers: readonly string[];
  readonly onChange: (entries: ReadonlySet<string>) => void;
}

/** What no box stands for: names with `*`, classes, servers that are not here yet. */
export function AllowlistPatterns({ entries, servers, onChange }: AllowlistPatternsProps) {
  const [draft, setDraft] = useState('');
  const patterns = [...entries].filter((entry) => isPattern(entry, servers));
  const add = (): void => {
    const entry = draft.trim();
    if (entry === '') return;
    onChange(withEntry(entries, entry, true));
    setDraft('');
  };
  return (
    <div className="flex flex-col gap-2">
      <form
        className="flex max-w-md items-start gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <div className="grow">
          <TextField
            label={t('patterns')}
            help={t('patternsHelp')}
            mono
            value={draft}
            onChange={setDraft}
            spellCheck={false}
          />
        </div>
        <Button type="submit" className="mt-6">
          {t('addPattern')}
        </Button>
      </form>
      {patterns.length > 0 && (
        <ul aria-label={t('patterns')} className="flex flex-wrap gap-2">
          {patterns.map((pattern) => (
            <li key={pattern} className="flex items-center rounded-md border border-line pl-2">
              <UntrustedText mono text={pattern} />
              <IconButton
                small
                label={t('dropPattern', { pattern })}
                icon={<X size={13} aria-hidden />}
                onClick={() => onChange(withEntry(entries, pattern, false))}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
