import type { JsonSchema } from '@mcpnest/contract/openapi';
import { html } from './html.ts';
import type { Html } from './html.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly about: string;
}

/** The fields of a JSON schema as a table; nested objects are written with dots, lists with `[]`. */
export function schemaTable(schema: JsonSchema): Html {
  const branches = branchesOf(schema);
  if (branches.length > 1) {
    return html`${branches.map(
      (branch, index) =>
        html`<p class="quiet">${index === 0 ? 'Either' : 'or'}</p>
          ${schemaTable(branch)}`,
    )}`;
  }
  const fields = fieldsOf(schema, '');
  if (fields.length === 0) return html`<p class="quiet">${typeOf(schema)}</p>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Type</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${fields.map(fieldRow)}
      </tbody>
    </table>
  </div>`;
}

/** One row of a table of fields or parameters. */
export const fieldRow = (field: Field): Html =>
  html`<tr>
    <td><code>${field.name}</code></td>
    <td>${field.type}${field.required ? '' : html` <span class="quiet">optional</span>`}</td>
    <td>${field.about}</td>
  </tr> `;

function fieldsOf(schema: JsonSchema, prefix: string): Field[] {
  const required = new Set(asList(schema.required));
  return Object.entries(asRecord(schema.properties)).flatMap(([name, value]) => {
    const property = asRecord(value);
    const path = `${prefix}${name}`;
    const field = { name: path, type: typeOf(property), required: required.has(name), about: aboutOf(property) };
    const inner = nonNull(property);
    const items = asRecord(inner.items);
    if (inner.type === 'array' && items.properties !== undefined) return [field, ...fieldsOf(items, `${path}[].`)];
    return inner.properties === undefined ? [field] : [field, ...fieldsOf(inner, `${path}.`)];
  });
}

/** A schema's type in words: `text`, `whole number or null`, `list of text`, … */
export function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  const branches = branchesOf(schema);
  if (branches.length > 1) return [...new Set(branches.map(typeOf))].join(' or ');
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? 'time' : 'text';
    case 'integer':
      return 'whole number';
    case 'array':
      return `list of ${typeOf(asRecord(schema.items))}`;
    case 'null':
      return 'null';
    case undefined:
      return 'any';
    default:
      return String(schema.type);
  }
}

/** What a field means, with its bounds and default. */
export function aboutOf(schema: JsonSchema): string {
  const inner = nonNull(schema);
  const facts = [
    schema.description ?? inner.description,
    inner.minimum !== undefined && inner.maximum !== undefined
      ? `${String(inner.minimum)} to ${String(inner.maximum)}.`
      : undefined,
    inner.maxLength === undefined ? undefined : `At most ${String(inner.maxLength)} characters.`,
    schema.default === undefined ? undefined : `Default: ${JSON.stringify(schema.default)}.`,
  ];
  return facts.filter((fact) => fact !== undefined).join(' ');
}

const branchesOf = (schema: JsonSchema): JsonSchema[] => asArray(schema.anyOf ?? schema.oneOf).map(asRecord);

const nonNull = (schema: JsonSchema): JsonSchema =>
  branchesOf(schema).find((branch) => branch.type !== 'null') ?? schema;

const asRecord = (value: unknown): JsonSchema =>
  typeof value === 'object' && value !== null ? (value as JsonSchema) : {};
const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const asList = (value: unknown): string[] => asArray(value).filter((item) => typeof item === 'string');
