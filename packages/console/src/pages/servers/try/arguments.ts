import { isObject, member, parseJson } from '../../../mcp/json.ts';
import type { Json, JsonObject } from '../../../mcp/json.ts';

/** One argument of a tool, as a form asks for it. `json`: whatever has no field of its own, as text. */
export interface ArgumentField {
  readonly name: string;
  readonly kind: 'string' | 'number' | 'integer' | 'boolean' | 'choice' | 'json';
  readonly required: boolean;
  /** What the server says of it; text of others. */
  readonly about: string | undefined;
  /** Of a choice. */
  readonly values: readonly Json[];
  readonly initial: string;
}

/** What is in the fields, by name; empty means that the argument is not sent. */
export type Draft = Readonly<Record<string, string>>;

/** More fields than anybody fills in by hand. */
const mostFields = 60;

/**
 * The fields of a tool's input schema (JSON Schema); undefined where its arguments are no plain list of properties and
 * are written as one JSON text.
 */
export function fieldsOf(schema: Json | undefined): readonly ArgumentField[] | undefined {
  const properties = member(schema, 'properties') ?? {};
  if (!isObject(schema) || !isObject(properties)) return undefined;
  const composed = ['oneOf', 'anyOf', 'allOf', '$ref', 'if'].some((key) => Object.hasOwn(schema, key));
  const entries = Object.entries(properties);
  if (composed || entries.length > mostFields) return undefined;
  const required = member(schema, 'required');
  return entries.map(([name, property]) => ({
    ...{ name, ...kindOf(property), about: textOf(member(property, 'description')) },
    required: Array.isArray(required) && required.includes(name),
    initial: written(member(property, 'default')),
  }));
}

function kindOf(property: Json): Pick<ArgumentField, 'kind' | 'values'> {
  const values = member(property, 'enum');
  if (Array.isArray(values) && values.length > 0) return { kind: 'choice', values };
  const type = member(property, 'type');
  const plain = type === 'string' || type === 'number' || type === 'integer' || type === 'boolean';
  return { kind: plain ? type : 'json', values: [] };
}

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const written = (value: Json | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * The arguments that a draft says.
 * @returns what is wrong with which field where they cannot be made
 */
export function argumentsOf(
  fields: readonly ArgumentField[],
  draft: Draft,
): { readonly args: JsonObject; readonly errors: Readonly<Record<string, string>> } {
  const args: Record<string, Json> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const text = draft[field.name] ?? '';
    if (text === '') {
      if (field.required && field.kind === 'string') args[field.name] = '';
      else if (field.required) errors[field.name] = 'The tool asks for this.';
      continue;
    }
    const value = valueOf(field, text);
    if (value === undefined) errors[field.name] = complaint(field);
    // A name such as __proto__ is a member like any other.
    else Object.defineProperty(args, field.name, { value, enumerable: true, configurable: true, writable: true });
  }
  return { args, errors };
}

function valueOf({ kind, values }: ArgumentField, text: string): Json | undefined {
  switch (kind) {
    case 'string':
      return text;
    case 'choice':
      return values.find((value) => written(value) === text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'json':
      return parseJson(text);
    default: {
      const value = Number(text.trim());
      const fits = text.trim() !== '' && Number.isFinite(value) && (kind === 'number' || Number.isSafeInteger(value));
      return fits ? value : undefined;
    }
  }
}

const complaint = ({ kind }: ArgumentField): string =>
  ({
    string: 'This is no text.',
    number: 'This must be a number.',
    integer: 'This must be a whole number.',
    boolean: 'This must be true or false.',
    choice: 'This must be one of the values offered.',
    json: 'This is not JSON.',
  })[kind];
