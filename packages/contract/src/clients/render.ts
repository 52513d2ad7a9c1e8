import type { ClientAdapter, ConfigObject, ConfigValue, Connection } from './adapter.ts';

/** One place of a configuration and what belongs there. */
export interface Placement {
  /** Keys from the top. */
  readonly container: readonly string[];
  readonly shape: ClientAdapter['shape'];
  /** Key in a map; in a list the member `idKey` of the item. */
  readonly name: string;
  readonly idKey: 'name' | 'id';
  readonly value: ConfigObject;
}

/**
 * Everything that belongs into a client's configuration for a connection.
 * @throws RangeError when the client cannot come by a token that way
 */
export function placements(client: ClientAdapter, connection: Connection): Placement[] {
  const { way } = connection.auth;
  if (!client.ways.includes(way)) throw new RangeError(`${client.name} has no way '${way}'.`);
  const { container, shape, prompts } = client;
  const server: Placement = {
    ...{ container, shape, idKey: 'name' },
    name: connection.name,
    value: client.entry(connection),
  };
  if (way !== 'prompt' || prompts === undefined) return [server];
  const id = String(prompts.item['id']);
  return [{ container: prompts.container, shape: 'list', idKey: 'id', name: id, value: prompts.item }, server];
}

/** The same as text that can be pasted into an empty file of the client's format. */
export function snippet(client: ClientAdapter, connection: Connection): string {
  const placed = placements(client, connection);
  if (client.format === 'toml')
    return placed.map((each) => tomlTable([...each.container, each.name], each.value)).join('\n');
  const whole = Object.fromEntries(
    placed.map(({ container, shape, name, value }) => {
      const [top = '', ...rest] = container;
      const inner: ConfigValue = shape === 'list' ? [value] : { [name]: value };
      return [top, rest.reduceRight<ConfigValue>((below, key) => ({ [key]: below }), inner)];
    }),
  );
  return client.format === 'yaml' ? yaml(whole) : `${JSON.stringify(whole, null, 2)}\n`;
}

/**
 * A table of TOML 1.0 with its header. Strings are written as JSON, which is a subset of TOML's basic strings but for
 * DEL, and no value here has that.
 */
export function tomlTable(path: readonly string[], table: ConfigObject): string {
  const members = Object.entries(table);
  const inline = members.filter(([, value]) => !isObject(value));
  const lines = inline.map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}\n`).join('');
  const below = members.flatMap(([key, value]) => (isObject(value) ? [`\n${tomlTable([...path, key], value)}`] : []));
  return `[${path.map(tomlKey).join('.')}]\n${lines}${below.join('')}`;
}

const tomlKey = (key: string): string => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));
const tomlValue = (value: ConfigValue): string =>
  Array.isArray(value) ? `[${value.map((item: ConfigValue) => tomlValue(item)).join(', ')}]` : JSON.stringify(value);

/** Block YAML 1.2; JSON strings are YAML strings, so every text is quoted unless it plainly need not be. */
function yaml(value: ConfigValue, indent = ''): string {
  if (Array.isArray(value)) {
    return value
      .map((item: ConfigValue) => {
        const text = yaml(item, `${indent}  `);
        return isObject(item) ? `${indent}- ${text.trimStart()}` : `${indent}- ${text}`;
      })
      .join('');
  }
  if (!isObject(value)) return `${typeof value === 'string' ? yamlText(value) : JSON.stringify(value)}\n`;
  return Object.entries(value)
    .map(([key, item]) => {
      const nested = (isObject(item) && Object.keys(item).length > 0) || (Array.isArray(item) && item.length > 0);
      if (nested) return `${indent}${yamlText(key)}:\n${yaml(item, `${indent}  `)}`;
      return `${indent}${yamlText(key)}: ${isObject(item) ? '{}\n' : yaml(item)}`;
    })
    .join('');
}

const yamlText = (text: string): string =>
  /^[A-Za-z][\w./-]*$/.test(text) && !/^(?:true|false|yes|no|on|off|null|[yn])$/i.test(text)
    ? text
    : JSON.stringify(text);

const isObject = (value: ConfigValue): value is ConfigObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
