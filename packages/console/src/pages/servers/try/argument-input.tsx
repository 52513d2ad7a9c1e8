import { useId } from 'react';
import { t } from '../../../strings/server-tools.ts';
import { CodeEditor } from '../../../ui/code/code-editor.tsx';
import type { Complaint } from '../../../ui/code/code-editor.tsx';
import { TextArea, TextField } from '../../../ui/field.tsx';
import { Select } from '../../../ui/select.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import type { ArgumentField } from './arguments.ts';

interface ArgumentInputProps {
  readonly field: ArgumentField;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
}

/** A text that long gets lines. */
const longText = 60;

/** One argument of a tool. */
export function ArgumentInput({ field, value, onChange, error }: ArgumentInputProps) {
  const { name, kind, required, about } = field;
  const frame = {
    label: <UntrustedText mono limit={80} text={name} />,
    ...(about === undefined ? {} : { help: <UntrustedText limit={200} text={about} /> }),
    ...{ optional: !required, error },
  };
  switch (kind) {
    case 'choice':
    case 'boolean': {
      const values =
        kind === 'boolean'
          ? ['true', 'false']
          : field.values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
      const choices = [...(required ? [] : ['']), ...values];
      return (
        <Select
          {...frame}
          value={value}
          choices={choices.map((each) => ({ value: each, label: each === '' ? t('notSent') : each }))}
          onChange={onChange}
        />
      );
    }
    case 'json':
      return <JsonInput label={name} about={about} value={value} onChange={onChange} error={error} />;
    case 'string':
      return value.length > longText || value.includes('\n') ? (
        <TextArea {...frame} value={value} onChange={onChange} />
      ) : (
        <TextField {...frame} value={value} onChange={onChange} autoComplete="off" />
      );
    default:
      return <TextField {...frame} inputMode="decimal" value={value} onChange={onChange} autoComplete="off" />;
  }
}

interface JsonInputProps extends Omit<ArgumentInputProps, 'field'> {
  readonly label: string;
  readonly about?: string | undefined;
}

/** A value as JSON, with what is wrong in it underlined. */
export function JsonInput({ label, about, value, onChange, error }: JsonInputProps) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className="flex flex-col gap-1">
      <span id={id} className="text-sm font-medium">
        <UntrustedText mono limit={80} text={label} />
      </span>
      <CodeEditor label={label} language="json" value={value} onChange={onChange} lint={lintJson} />
      {about !== undefined && (
        <p className="text-sm text-quiet">
          <UntrustedText limit={200} text={about} />
        </p>
      )}
      {error !== undefined && (
        <p role="alert" className="text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

/** What keeps a text from being JSON, where the engine says that it is. */
function lintJson(text: string): readonly Complaint[] {
  if (text.trim() === '') return [];
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : t('badJson');
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    return [{ from: Math.min(at, Math.max(0, text.length - 1)), to: text.length, message }];
  }
}
