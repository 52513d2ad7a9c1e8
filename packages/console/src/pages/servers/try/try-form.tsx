import type { ShownTool } from '@mcpnest/contract/schemas/tools';
import { useMutation } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { FormEvent } from 'react';
import { useWorkspace } from '../../../components/workspace.tsx';
import { isObject, parseJson } from '../../../mcp/json.ts';
import type { Json, JsonObject } from '../../../mcp/json.ts';
import { t } from '../../../strings/server-tools.ts';
import { Button } from '../../../ui/button.tsx';
import { ArgumentInput, JsonInput } from './argument-input.tsx';
import { argumentsOf, fieldsOf } from './arguments.ts';
import type { Draft } from './arguments.ts';
import { Answer, Failure } from './answer.tsx';
import { runTool } from './run-tool.ts';

interface TryFormProps {
  readonly tool: ShownTool;
  readonly schema: Json;
}

/** A field for each argument, what came of the call below. */
export function TryForm({ tool, schema }: TryFormProps) {
  const workspace = useWorkspace();
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [draft, setDraft] = useState<Draft>(() =>
    Object.fromEntries((fields ?? []).map(({ name, initial }) => [name, initial])),
  );
  const [text, setText] = useState('{}');
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const flight = useRef<AbortController | null>(null);
  useEffect(() => () => flight.current?.abort(), []);
  const call = useMutation({
    mutationFn: (args: JsonObject) => {
      flight.current = new AbortController();
      return runTool(workspace, tool.name, args, schema, flight.current.signal);
    },
  });

  function send(event: FormEvent): void {
    event.preventDefault();
    const made = fields === undefined ? wholeOf(text) : argumentsOf(fields, draft);
    setErrors(made.errors);
    if (Object.keys(made.errors).length === 0 && !call.isPending) call.mutate(made.args);
  }

  return (
    <div className="flex flex-col gap-5">
      <form noValidate className="flex flex-col gap-4" onSubmit={send}>
        {fields === undefined ? (
          <JsonInput label={t('arguments')} value={text} onChange={setText} error={errors['']} />
        ) : (
          fields.map((field) => (
            <ArgumentInput
              key={field.name}
              field={field}
              value={draft[field.name] ?? ''}
              onChange={(value) => setDraft({ ...draft, [field.name]: value })}
              error={errors[field.name]}
            />
          ))
        )}
        {fields?.length === 0 && <p className="text-quiet">{t('argumentsNone')}</p>}
        <div className="flex items-center gap-2">
          <Button type="submit" look="primary" busy={call.isPending}>
            <Play size={14} aria-hidden />
            {call.isPending ? t('running') : t('run', { tool: tool.tool })}
          </Button>
          {call.isPending && <Button onClick={() => flight.current?.abort()}>{t('cancel')}</Button>}
        </div>
      </form>
      <div aria-live="polite">
        {call.error !== null && <Failure error={call.error} />}
        {call.data !== undefined && <Answer key={call.data.traceId} answer={call.data} />}
      </div>
    </div>
  );
}

function wholeOf(text: string): ReturnType<typeof argumentsOf> {
  const value = parseJson(text);
  if (isObject(value)) return { args: value, errors: {} };
  return { args: {}, errors: { '': value === undefined ? t('badJson') : t('mustBeObject') } };
}
