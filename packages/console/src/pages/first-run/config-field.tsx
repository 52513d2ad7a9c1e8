import { Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import { t } from '../../strings/first-run.ts';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { TextArea } from '../../ui/field.tsx';

const example = `{
  "mcpServers": {
    "context7": { "url": "https://mcp.context7.com/mcp" }
  }
}`;

/** Characters that are taken; no client's file comes near. */
const mostCharacters = 1_000_000;

export interface ConfigFieldProps {
  readonly value: string;
  readonly onChange: (text: string) => void;
}

/** A configuration, pasted, dropped or chosen. */
export function ConfigField({ value, onChange }: ConfigFieldProps) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  async function take(file: File | undefined): Promise<void> {
    if (file !== undefined) onChange(await file.slice(0, mostCharacters).text());
  }
  return (
    <div
      className={cx('rounded-lg', over && 'outline-2 outline-offset-4 outline-accent')}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer.files[0]);
      }}
    >
      <TextArea
        label={t('config')}
        help={t('configHelp')}
        mono
        rows={7}
        placeholder={example}
        value={value}
        onChange={(text) => onChange(text.slice(0, mostCharacters))}
      />
      <div className="mt-2 flex items-center gap-3 text-sm text-quiet">
        <Button small onClick={() => input.current?.click()}>
          <Upload size={14} aria-hidden />
          {t('choose')}
        </Button>
        {t('drop')}
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t('choose')}
          accept=".json,.jsonc,application/json"
          onChange={(event) => void take(event.target.files?.[0])}
        />
      </div>
    </div>
  );
}
