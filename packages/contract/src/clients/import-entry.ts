import { importLimits } from './imported.ts';
import type { ImportedServer, ImportedValue } from './imported.ts';
import { isReference, maskSecret, secretReason } from './secrets.ts';

type Tree = Readonly<Record<string, unknown>>;

/** Members that are understood, or that only say how a client treats the server. */
const known: ReadonlySet<string> = new Set([
  ...['name', 'type', 'transport', 'url', 'httpUrl', 'serverUrl', 'uri', 'baseUrl', 'headers', 'http_headers'],
  ...['requestOptions', 'env_http_headers', 'bearer_token_env_var', 'command', 'cmd', 'args', 'env', 'environment'],
  ...['envs', 'disabled', 'enabled', 'autoApprove', 'alwaysAllow', 'disabledTools', 'tools', 'timeout', 'description'],
  ...['trust', 'includeTools', 'excludeTools', 'startup_timeout_sec', 'tool_timeout_sec', 'oauth', 'source', 'cwd'],
]);

/**
 * One entry of a configuration.
 * @returns in words why it cannot be read; undefined for what is no server
 */
export function readEntry(
  name: string,
  path: ImportedServer['path'],
  entry: Tree,
): ImportedServer | string | undefined {
  const address = text(entry, 'httpUrl', 'serverUrl', 'url', 'uri', 'baseUrl');
  const words = commandOf(entry);
  // Extensions that come with a client are neither.
  if (address === undefined && words === undefined) return undefined;
  const sizes = [address?.length ?? 0, ...(words ?? []).map(({ length }) => length), name.length];
  if (sizes.some((size) => size > importLimits.valueLength) || (words?.length ?? 0) > importLimits.values)
    return 'it is larger than any server needs';
  const unknown = Object.keys(entry).filter((key) => !known.has(key));
  const common = {
    ...{ name, path, unknown: unknown.slice(0, importLimits.values).map((key) => key.slice(0, 100)) },
    enabled: entry['disabled'] !== true && entry['enabled'] !== false,
    env: values(entry['env'] ?? entry['environment'] ?? entry['envs']),
  };
  const carried = words === undefined ? undefined : throughRemote(words, common.env);
  if (carried !== undefined) {
    const where = addressOf(carried.url);
    if (where === undefined) return 'its address is no URL';
    return {
      ...common,
      ...where,
      kind: 'http',
      through: 'mcp-remote',
      headers: carried.headers,
      command: undefined,
      args: [],
    };
  }
  if (words !== undefined) {
    const [command = '', ...args] = words;
    const none = { url: undefined, urlSecrets: [], headers: [], through: undefined };
    return { ...common, ...none, kind: 'stdio', command, args: argumentsOf(args) };
  }
  const where = addressOf(address!);
  if (where === undefined) return 'its address is no URL';
  const type = text(entry, 'type', 'transport')?.toLowerCase();
  // Clients that mean the older transport say so, or its address does.
  const kind = type === 'sse' || (type === undefined && /\/sse\/?$/.test(where.url)) ? 'sse' : 'http';
  return { ...common, ...where, kind, through: undefined, headers: headersOf(entry), command: undefined, args: [] };
}

function headersOf(entry: Tree): ImportedValue[] {
  const options = entry['requestOptions'];
  const nested = typeof options === 'object' && options !== null ? (options as Tree)['headers'] : undefined;
  const headers = values(entry['headers'] ?? entry['http_headers'] ?? nested);
  const variable = text(entry, 'bearer_token_env_var');
  const fromVariables = values(entry['env_http_headers']).map(({ name, value }) => valueOf(name, `\${${value}}`));
  if (variable !== undefined) fromVariables.push(valueOf('Authorization', `Bearer \${${variable}}`));
  return [...headers, ...fromVariables];
}

/** The words of a program: a string and its arguments, or a list of both. */
function commandOf(entry: Tree): string[] | undefined {
  const command = entry['command'] ?? entry['cmd'];
  const args = entry['args'];
  const more = Array.isArray(args) ? args.map(String) : [];
  if (Array.isArray(command) && command.length > 0) return [...command.map(String), ...more];
  return typeof command === 'string' && command.trim() !== '' ? [command, ...more] : undefined;
}

/** An address that a program only carries to: `npx mcp-remote <url> --header 'Name: value'`. */
function throughRemote(
  words: readonly string[],
  env: readonly ImportedValue[],
): { url: string; headers: ImportedValue[] } | undefined {
  const at = words.findIndex((word) => /^mcp-remote(?:@[\w.-]+)?$/.test(word));
  if (at < 0) return undefined;
  const url = words.slice(at + 1).find((word) => /^https?:\/\//i.test(word));
  if (url === undefined) return undefined;
  const filled = (value: string): string =>
    value.replace(/\$\{(\w+)\}/g, (whole, name: string) => env.find((each) => each.name === name)?.value ?? whole);
  const headers = words.flatMap((word, index) => {
    const [, name, value] = words[index - 1] === '--header' ? (/^([^:]+):\s*(.*)$/s.exec(word) ?? []) : [];
    return name === undefined || value === undefined ? [] : [valueOf(name.trim(), filled(value))];
  });
  return { url, headers };
}

/** Arguments, each with the option before it for a name: `--api-key=…`, `--token …`. */
const argumentsOf = (args: readonly string[]): ImportedValue[] =>
  args.map((arg, index) => {
    const [, option, value] = /^(-{1,2}[\w-]+)=(.*)$/s.exec(arg) ?? [];
    const before = args[index - 1];
    const name = option ?? (before?.startsWith('-') === true && !before.includes('=') ? before : '');
    const judged = valueOf(name.replace(/^-+/, ''), value ?? arg);
    const secret = judged.secret ?? (hasUser(judged.value) ? 'name' : undefined);
    if (secret === undefined) return { ...judged, name, value: arg, shown: arg };
    const shown = judged.secret === undefined ? withoutPassword(judged.value) : judged.shown;
    return { ...judged, name, secret, shown: option === undefined ? shown : `${option}=${shown}` };
  });

const hasUser = (text: string): boolean => /^[a-z][\w+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i.test(text);
const withoutPassword = (text: string): string => text.replace(/^([a-z][\w+.-]*:\/\/[^/@\s:]*):[^/@\s]+@/i, '$1:…@');

/** Headers or variables as values; what is no text is written as JSON would. */
function values(record: unknown): ImportedValue[] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return [];
  return Object.entries(record)
    .slice(0, importLimits.values)
    .map(([name, value]) =>
      valueOf(name.slice(0, 200), typeof value === 'string' ? value : JSON.stringify(value ?? '')),
    )
    .filter(({ value }) => value.length <= importLimits.valueLength);
}

function valueOf(name: string, value: string): ImportedValue {
  const secret = secretReason(name, value) ?? (hasUser(value) ? 'name' : undefined);
  const shown = secret === undefined ? value : hasUser(value) ? withoutPassword(value) : maskSecret(value);
  return { name, value, secret, reference: isReference(value), shown };
}

/** An address without what is secret in it. */
function addressOf(address: string): (Pick<ImportedServer, 'urlSecrets'> & { readonly url: string }) | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const secrets: ImportedValue[] = [];
  if (url.password !== '' || url.username !== '') secrets.push(valueOf('password', url.password || url.username));
  url.username = url.password = url.hash = '';
  for (const [name, value] of [...url.searchParams]) {
    const judged = valueOf(name, value);
    if (judged.secret === undefined) continue;
    secrets.push(judged);
    url.searchParams.delete(name);
  }
  return { url: url.href, urlSecrets: secrets };
}

function text(entry: Tree, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = entry[key];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
}
