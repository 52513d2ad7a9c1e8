import { readFileSync } from 'node:fs';

type Fields = Readonly<Record<string, string>>;

const { types } = JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8')) as {
  types: Readonly<Record<string, Fields>>;
};

/**
 * What is wrong with an object by the published types of Kubernetes, as `path: problem`. Strict: a field that the API
 * does not have is a problem, as with `fieldValidation=Strict`.
 */
export function schemaProblems(object: unknown): string[] {
  const kind = (object as { readonly kind?: unknown } | null)?.kind;
  const type = `V1${String(kind)}`;
  return types[type] === undefined ? [`kind: ${String(kind)} is not known here`] : problems(object, type, '');
}

function problems(value: unknown, type: string, path: string): string[] {
  const wrong = (is: boolean): string[] => (is ? [] : [`${path}: is not ${type}`]);
  const list = /^Array<(.+)>$/.exec(type.replace(/\/.*$/, ''))?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return wrong(false);
    return value.flatMap((item, index) => problems(item, list, `${path}[${index}]`));
  }
  if (type.startsWith('{')) return mapProblems(value, type, path);
  const fields = types[type];
  if (fields !== undefined) return fieldProblems(value, fields, path);
  const [name, format] = type.split('/');
  if (name === 'string') return wrong(typeof value === 'string');
  if (name === 'boolean') return wrong(typeof value === 'boolean');
  if (name === 'number') return wrong(typeof value === 'number' && (format === undefined || Number.isInteger(value)));
  if (name === 'Date') return wrong(typeof value === 'string' && !Number.isNaN(Date.parse(value)));
  if (name === 'IntOrString') return wrong(typeof value === 'string' || Number.isInteger(value));
  return wrong(name === 'any');
}

function mapProblems(value: unknown, type: string, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: is not a map`];
  return Object.entries(value).flatMap(([key, text]) =>
    typeof text !== 'string'
      ? [`${path}.${key}: is not a string`]
      : type.endsWith('/byte') && Buffer.from(text, 'base64').toString('base64') !== text
        ? [`${path}.${key}: is not base64`]
        : [],
  );
}

function fieldProblems(value: unknown, fields: Fields, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: is not an object`];
  const missing = Object.keys(fields)
    .filter((name) => name.endsWith('!') && !Object.hasOwn(value, name.slice(0, -1)))
    .map((name) => `${path}.${name.slice(0, -1)}: is missing`);
  const rest = Object.entries(value).flatMap(([name, field]) => {
    const type = fields[name] ?? fields[`${name}!`];
    return type === undefined ? [`${path}.${name}: is not a field`] : problems(field, type, `${path}.${name}`);
  });
  return [...missing, ...rest];
}
