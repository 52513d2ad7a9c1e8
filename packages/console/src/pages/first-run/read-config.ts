import { readClientConfig } from '@mcpnest/contract/clients/import';
import type { ConfigParsers } from '@mcpnest/contract/clients/import';
import type { ImportReport } from '@mcpnest/contract/clients/imported';

/** A comment or a text, so that what looks like a comment in a text is none. Unclosed ones end with the file. */
const textOrComment = /("(?:\\[\s\S]|[^"\\])*(?:"|\\?$))|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)/g;
const textOrComma = /("(?:\\[\s\S]|[^"\\])*(?:"|\\?$))|,(?=\s*[}\]])/g;

/** JSON, or JSON with comments and commas too many, as editors write it. @throws SyntaxError for anything else */
export function parseJsonc(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const keep = (_whole: string, literal?: string): string => literal ?? '';
    return JSON.parse(text.replace(textOrComment, keep).replace(textOrComma, keep));
  }
}

const notHere = (): never => {
  throw new SyntaxError('It is read by the command line.');
};
const parsers: ConfigParsers = { json: parseJsonc, jsonc: parseJsonc, toml: notHere, yaml: notHere };

/** The servers of a configuration; undefined where it cannot be read in a page. */
export function readConfig(text: string): ImportReport | undefined {
  try {
    return readClientConfig(text, parsers, 'jsonc');
  } catch {
    return undefined;
  }
}
