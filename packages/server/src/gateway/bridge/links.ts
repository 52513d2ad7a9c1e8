import { byteString, type ByteString } from '../../platform/byte-string.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { JsonRejected, member, scanJson, sourceText, stringValue, type JsonNode } from '../../platform/json/scan.ts';
import { errorCode } from '../upstreams/reply.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import type { InputRequest } from './capabilities.ts';

/** A page the user must visit before a call can go on (2025-11-25, elicitation "URL Elicitation Required Error"). */
export interface Link {
  /** JSON text of the elicitation's params. */
  readonly params: string;
  readonly url: string;
  readonly message: string;
}

const mostLinks = 16;
const limits = { maxDepth: 64, maxElements: 10_000, maxKeys: 1_000, nodeDepth: 5, strict: true } as const;

/** The links an error -32042 asks for; undefined for every other answer, and where it names none. */
export function linksOf(answer: UpstreamAnswer): readonly Link[] | undefined {
  if (errorCode(answer) !== rpcCode.urlElicitationRequired) return undefined;
  const { start, end } = answer.error!;
  const text = answer.bytes.subarray(start, end);
  let asked: readonly JsonNode[];
  try {
    asked = member(member(scanJson(text, limits), 'data'), 'elicitations')?.children ?? [];
  } catch (error) {
    if (error instanceof JsonRejected) return undefined;
    throw error;
  }
  const links = asked.slice(0, mostLinks).flatMap((node): Link[] => {
    const url = stringValue(text, member(node, 'url'));
    const message = stringValue(text, member(node, 'message')) ?? '';
    return url === undefined ? [] : [{ params: sourceText(text, node), url, message }];
  });
  return links.length === 0 ? undefined : links;
}

/** The same as requests for input. */
export const linkRequests = (links: readonly Link[]): Map<string, InputRequest> =>
  new Map(links.map(({ params }, i) => [`link-${i + 1}`, { method: 'elicitation/create', params }]));

/** The same in words, for a client that can only show them: the result of a tool that failed. */
export function linkResult(links: readonly Link[], modern: boolean): ByteString {
  const lines = links.map(({ url, message }) => `${message === '' ? 'Open this page' : message}: ${url}`);
  const text = `Before this can be done, a page must be visited. Then try again.\n${lines.join('\n')}`;
  const type = modern ? '"resultType":"complete",' : '';
  return byteString(`{${type}"isError":true,"content":[{"type":"text","text":${JSON.stringify(text)}}]}`);
}
