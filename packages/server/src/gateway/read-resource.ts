import { byteString } from '../platform/byte-string.ts';
import { rpcCode } from '../domain/protocol.ts';
import { member, sourceText, stringValue } from '../platform/json/scan.ts';
import type { Edit } from '../platform/json/splice.ts';
import { uriEdits } from './answer-uris.ts';
import { schemeOf } from './definitions.ts';
import type { GovernedMethod } from './governed-call.ts';
import { listTtlMs } from './list.ts';
import { unknownResource } from './rpc-error.ts';
import { errorCode } from './upstreams/reply.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/** Modern servers are told the URI in a header, and those have an end. */
const longestUri = 4_096;

/** `resources/read`. */
export const resourcesRead: GovernedMethod = {
  method: 'resources/read',
  mirrored: true,
  read({ bytes, params }) {
    const node = member(params, 'uri');
    const uri = stringValue(bytes, node);
    const fault =
      uri === undefined
        ? '"params.uri" must be a string.'
        : uri.length > longestUri
          ? `"params.uri" is longer than ${longestUri} characters.`
          : undefined;
    return { kind: 'resource', node, name: uri ?? '', recorded: schemeOf(uri ?? ''), args: undefined, fault };
  },
  find: ({ catalogue }, { held, server }, { name }) => catalogue.resource(held, server, name),
  unknown: ({ catalogue }, { held, principal, era }, { name }) =>
    unknownResource(name, era.kind === 'modern', catalogue.missing(held, principal, 'resources')),
  // The URI may carry values, so of it, too, only a digest is kept besides what the server lists.
  describe: (record, _, __, target) => record.arguments('{}', target.name),
  edits(deps, call, target, answer) {
    const edits = uriEdits(deps, call, target, answer) ?? [];
    if (call.era.kind === 'modern') edits.push(...modernEdits(answer));
    return edits;
  },
};

/**
 * What a modern client is owed and a legacy server does not say (caching.mdx, resources.mdx "Error Handling"): how long
 * the answer may be kept, no longer than our own lists and for this caller alone, and the error code of a resource that
 * is not there.
 */
function modernEdits(answer: UpstreamAnswer): Edit[] {
  const { bytes, result, error } = answer;
  if (result === undefined) {
    const code = member(error, 'code');
    if (code === undefined || errorCode(answer) !== rpcCode.resourceNotFound) return [];
    return [{ start: code.start, end: code.end, text: byteString(String(rpcCode.invalidParams)) }];
  }
  const edits: Edit[] = [];
  const own = (key: string, text: string): void => {
    const node = member(result, key);
    if (node !== undefined) edits.push({ start: node.start, end: node.end, text: byteString(text) });
    // A modern result is never empty: it has its type.
    else edits.push({ start: result.end - 1, end: result.end - 1, text: byteString(`,"${key}":${text}`) });
  };
  const given = member(result, 'ttlMs');
  const ttlMs = given?.kind === 'number' ? Number(sourceText(bytes, given)) : listTtlMs;
  own('ttlMs', String(ttlMs >= 0 && ttlMs < listTtlMs ? Math.floor(ttlMs) : listTtlMs));
  own('cacheScope', '"private"');
  return edits;
}
