import { parse as parseJsonc, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { parse as parseToml, type TomlTable } from 'smol-toml';
import { parseDocument } from 'yaml';
import type { ConfigFormat } from '@mcpnest/contract/clients/adapter';

/**
 * A configuration as plain values, from its text; an empty one is empty.
 * @throws SyntaxError in words that hold nothing of the text
 */
export function parseConfig(text: string, format: ConfigFormat): unknown {
  if (text.trim() === '') return {};
  return format === 'toml' ? toml(text) : format === 'yaml' ? yaml(text) : json(text);
}

/** The same by format, for reading what clients have. */
export const configParsers = {
  json: (text: string): unknown => parseConfig(text, 'json'),
  jsonc: (text: string): unknown => parseConfig(text, 'jsonc'),
  toml: (text: string): unknown => parseConfig(text, 'toml'),
  yaml: (text: string): unknown => parseConfig(text, 'yaml'),
};

/** Comments and a comma too many are let pass: clients that mind say so themselves. */
function json(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value;
  const line = text.slice(0, first.offset).split('\n').length;
  throw new SyntaxError(`line ${line}: ${printParseErrorCode(first.error)}`);
}

function toml(text: string): TomlTable {
  try {
    return parseToml(text);
  } catch (error) {
    const { line } = error as { line?: number };
    // Its message shows the line it is about.
    throw new SyntaxError(line === undefined ? 'it is not TOML' : `line ${line}: it is not TOML`, { cause: error });
  }
}

function yaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  const [first] = document.errors;
  if (first !== undefined)
    throw new SyntaxError(`line ${text.slice(0, first.pos[0]).split('\n').length}: ${first.code}`);
  return document.toJS({ maxAliasCount: 100 });
}
