import { member, sourceText, stringValue, type JsonNode } from '../../platform/json/scan.ts';
import { searchLimits } from '../../domain/search-tools.ts';

export interface Found {
  readonly query: string;
  readonly server: string | undefined;
  readonly limit: number;
}

/** @returns what is wrong, in words for a model that is to do it better, where the arguments cannot be used */
export function readFindArguments(bytes: Buffer, args: JsonNode | undefined): Found | string {
  const query = member(args, 'query');
  const text = stringValue(bytes, query);
  if (text === undefined || text.length > searchLimits.query)
    return `"query" must be a string of at most ${searchLimits.query} characters.`;
  const serverNode = member(args, 'server');
  const server = stringValue(bytes, serverNode);
  if (serverNode !== undefined && server === undefined) return '"server" must be a string.';
  const limitNode = member(args, 'limit');
  const limit = limitNode === undefined ? searchLimits.foundByDefault : Number(sourceText(bytes, limitNode));
  if (!Number.isInteger(limit) || limit < 1 || limit > searchLimits.found)
    return `"limit" must be an integer from 1 to ${searchLimits.found}.`;
  return { query: text, server, limit };
}

/** @returns the names, each once; or what is wrong */
export function readDescribeArguments(bytes: Buffer, args: JsonNode | undefined): readonly string[] | string {
  const list = member(args, 'names');
  const names = list?.kind === 'array' ? list.children.map((child) => stringValue(bytes, child)) : [];
  const texts = names.filter((name) => name !== undefined);
  if (names.length === 0 || texts.length < names.length || texts.length > searchLimits.described)
    return `"names" must be an array of 1 to ${searchLimits.described} strings.`;
  return [...new Set(texts)];
}

/** @returns what is wrong with the arguments of `call_tool`; undefined: nothing */
export function callFault(bytes: Buffer, args: JsonNode | undefined): string | undefined {
  if (stringValue(bytes, member(args, 'name')) === undefined) return '"params.arguments.name" must be a string.';
  const inner = member(args, 'arguments');
  if (inner !== undefined && inner.kind !== 'object') return '"params.arguments.arguments" must be an object.';
  // What the tool itself takes is easily put one level too high, and would be lost there.
  return args!.keys.every((key) => key === 'name' || key === 'arguments')
    ? undefined
    : '"params.arguments" may have "name" and "arguments" alone; what the tool takes goes into the latter.';
}
