import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { variableProblem } from './child-environment.ts';
import { SettingsError } from './variables.ts';

/** What a container is told when it starts, so that neither its image nor the engine's records hold it. */
export interface SecretsDocument {
  /** The command as it is run: nothing is split or expanded. */
  readonly command: readonly string[];
  /** Variables of the child. */
  readonly env: Readonly<Record<string, string>>;
  /** Bearer token that requests must have. */
  readonly token: string;
}

const largest = 256 * 1024;
const patienceMs = 30_000;
const newline = 0x0a;

/**
 * Read the document `MCP_BRIDGE_SECRETS` names: one JSON object of at most 256 KiB, which ends with its line or with
 * the input.
 * @param source `stdin`, or the path of a file
 * @param timeoutMs how long its writer may take
 * @throws SettingsError saying what is wrong, and never what was read
 */
export async function readSecretsDocument(source: string, timeoutMs = patienceMs): Promise<SecretsDocument> {
  const input = source === 'stdin' ? process.stdin : createReadStream(source);
  return parseDocument(await readLine(input, timeoutMs));
}

/** @returns the first line; the input is not read any further */
function readLine(input: Readable, timeoutMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  let size = 0;
  const hear = (part: Buffer): void => {
    const end = part.indexOf(newline);
    parts.push(end === -1 ? part : part.subarray(0, end));
    size += part.length;
    if (size > largest) reject(problem(`holds more than ${largest} bytes`));
    else if (end !== -1) resolve(Buffer.concat(parts));
  };
  input.on('data', hear);
  input.once('end', () => resolve(Buffer.concat(parts)));
  input.once('error', () => reject(problem('cannot be read')));
  const timer = setTimeout(() => reject(problem(`brought no whole document within ${timeoutMs / 1000} s`)), timeoutMs);
  return promise.finally(() => {
    clearTimeout(timer);
    input.off('data', hear);
    input.pause();
  });
}

function parseDocument(bytes: Buffer): SecretsDocument {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw problem('is no JSON document');
  }
  if (!isObject(document)) throw problem('is no JSON object');
  const { command, env, token, ...others } = document;
  if (Object.keys(others).length > 0) throw problem('has members besides command, env and token');
  if (!isCommand(command))
    throw problem('has no command: a list of texts without NUL, of which the first is not empty');
  if (!isObject(env)) throw problem('has no env: an object of texts');
  if (typeof token !== 'string') throw problem('has no token');
  return { command, env: Object.fromEntries(Object.entries(env).map(readVariable)), token };
}

function readVariable([name, value]: [string, unknown]): [string, string] {
  const wrong = variableProblem(name);
  if (wrong !== undefined) throw problem(`has in env a name that ${wrong}`);
  if (!isText(value)) throw problem(`has in env for ${name} something else than a text without NUL`);
  return [name, value];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');

const isCommand = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(isText) && value[0] !== undefined && value[0] !== '';

const problem = (what: string): SettingsError => new SettingsError(`MCP_BRIDGE_SECRETS ${what}`);

/**
 * Arguments that carry credentials, as addresses of databases do, by a name for the log.
 * @param command with the program itself
 */
export function secretArguments(command: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [index, word] of command.entries()) {
    const credentials = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:([^/?#@]*)@/i.exec(word);
    if (credentials === null) continue;
    found[`argument ${index}`] = word;
    const [, password = ''] = credentials;
    found[`password in argument ${index}`] = password;
  }
  return found;
}
