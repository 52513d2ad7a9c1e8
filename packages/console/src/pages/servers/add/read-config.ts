import { readTree } from '@mcpnest/contract/clients/import';
import { importLimits } from '@mcpnest/contract/clients/imported';
import type { ImportedServer, ImportReport } from '@mcpnest/contract/clients/imported';
import type { RequestOf } from '../../../api/queries.ts';

/** Strings stay; comments and commas before a closing bracket go, as editors that write JSON with comments allow. */
const comments = /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const lastCommas = /("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g;
const keep = (_whole: string, text: string | undefined): string => text ?? '';

/**
 * The servers in a client's configuration, as JSON with or without comments. It is read in this page; nothing of it is
 * sent before the person says what to add.
 * @throws RangeError for a text that is too large, SyntaxError for one that is no JSON object
 */
export function readConfig(text: string): ImportReport {
  if (text.length > importLimits.characters) throw new RangeError('This is too large to be a configuration.');
  const tree: unknown = JSON.parse(text.replaceAll(comments, keep).replaceAll(lastCommas, keep));
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree))
    throw new SyntaxError('This is no configuration.');
  return readTree(tree as Readonly<Record<string, unknown>>);
}

type Added = NonNullable<RequestOf<'imports', 'apply'>['body']>['servers'][number];

/** Why a server cannot be added as it stands there; undefined: it can be. */
export type Obstacle = 'program' | 'self' | 'secretInAddress';

/** @param gateway where this gateway's own endpoints begin */
export function obstacleOf({ kind, url, urlSecrets }: ImportedServer, gateway: string): Obstacle | undefined {
  if (kind === 'stdio' || url === undefined) return 'program';
  if (url.startsWith(gateway)) return 'self';
  return urlSecrets.length > 0 ? 'secretInAddress' : undefined;
}

/** What is sent to add a server, with the headers whose values the file has; the server says which it cannot take. */
export function addedOf({ name, url = '', headers }: ImportedServer): Added {
  const known = headers.filter(({ value, reference }) => !reference && !/\$\{|\{env:/.test(value));
  const credential = Object.fromEntries(known.map((header) => [header.name, header.value]));
  return { name: name.slice(0, 100), url, ...(known.length === 0 ? {} : { credential: { headers: credential } }) };
}

/** Headers whose values are elsewhere, to be set afterwards. */
export const missingOf = ({ headers }: ImportedServer): readonly string[] =>
  headers.filter(({ value, reference }) => reference || /\$\{|\{env:/.test(value)).map(({ name }) => name);
