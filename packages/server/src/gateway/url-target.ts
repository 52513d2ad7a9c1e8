import { invalidInput, notFound } from '../domain/errors.ts';
import { readToolListMode, toolListModes, type ToolListMode } from '../domain/tool-list.ts';

/** What a URL of the gateway names. */
export interface UrlTarget {
  readonly workspace: string;
  readonly server: string | undefined;
  /** `?tools=`: how tools are to be listed for this client, whatever the workspace has chosen. */
  readonly tools: ToolListMode | undefined;
}

const pathForm = /^\/api\/gw\/([a-z0-9-]{1,64})(?:\/([a-z0-9-]{1,64}))?\/?(?:\?(.*))?$/;

/** What URLs mean; a few of them are nearly every request's. */
const targets = new Map<string, UrlTarget>();
const mostTargets = 1_000;

/** @throws AppError `not_found`; `invalid_input` for a choice that is none */
export function parsePath(url: string): UrlTarget {
  const known = targets.get(url);
  if (known !== undefined) return known;
  const match = pathForm.exec(url);
  if (match === null) throw notFound('endpoint', url.split('?', 1)[0]!.slice(0, 128));
  const target = { workspace: match[1]!, server: match[2], tools: toolsOf(match[3]) };
  if (targets.size >= mostTargets) targets.clear();
  if (url.length <= 256) targets.set(url, target);
  return target;
}

function toolsOf(query: string | undefined): ToolListMode | undefined {
  const [text, ...more] = query === undefined ? [] : new URLSearchParams(query).getAll('tools');
  if (text === undefined) return undefined;
  const mode = more.length === 0 ? readToolListMode(text) : undefined;
  if (mode !== undefined) return mode;
  const message = `must be one of ${toolListModes.join(', ')}, once`;
  throw invalidInput(`"tools" in the URL ${message}.`, [{ path: 'query.tools', message }]);
}
