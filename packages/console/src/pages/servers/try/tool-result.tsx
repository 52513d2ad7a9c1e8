import { member } from '../../../mcp/json.ts';
import type { Json, JsonObject } from '../../../mcp/json.ts';
import { t } from '../../../strings/server-tools.ts';
import { CodeEditor } from '../../../ui/code/code-editor.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';

/** Pictures that a browser draws without running anything of theirs; SVG is a document and is none of them. */
const pictures: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** Parts that are shown; a result may have any number. */
const mostParts = 50;

/** What a tool gave back: text as text, pictures as data, all else as JSON. */
export function ToolResult({ result }: { readonly result: JsonObject | undefined }) {
  const content = member(result, 'content');
  const parts = Array.isArray(content) ? content.slice(0, mostParts) : [];
  const structured = member(result, 'structuredContent');
  return (
    <div className="flex flex-col gap-3">
      {member(result, 'isError') === true && <Notice tone="bad" title={t('resultError')} />}
      {parts.map((part: Json, index: number) => (
        // oxlint-disable-next-line react/no-array-index-key -- parts of a result have their place only
        <Part
          key={index}
          part={part}
          label={parts.length === 1 ? t('result') : t('resultPart', { place: index + 1 })}
        />
      ))}
      {structured !== undefined && <JsonText label={t('structured')} value={structured} />}
      {parts.length === 0 && structured === undefined && <p className="text-quiet">{t('empty')}</p>}
    </div>
  );
}

function Part({ part, label }: { readonly part: Json; readonly label: string }) {
  const text = member(part, 'text');
  if (member(part, 'type') === 'text' && typeof text === 'string')
    return (
      <div
        role="region"
        aria-label={label}
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2"
      >
        <UntrustedText mono limit={4_000} text={text} />
      </div>
    );
  const type = member(part, 'mimeType');
  const data = member(part, 'data');
  if (typeof type !== 'string' || typeof data !== 'string') return <JsonText label={label} value={part} />;
  if (!pictures.has(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(data))
    return <p className="text-quiet">{t('notShown', { type: type.slice(0, 100) })}</p>;
  return (
    <img
      src={`data:${type};base64,${data}`}
      alt={t('image', { type })}
      className="max-h-96 max-w-full self-start rounded-lg border border-line object-contain"
    />
  );
}

const JsonText = ({ label, value }: { readonly label: string; readonly value: Json }) => (
  <div className="flex flex-col gap-1">
    <span className="text-sm font-medium">{label}</span>
    <CodeEditor label={label} language="json" value={JSON.stringify(value, null, 2)} />
  </div>
);
