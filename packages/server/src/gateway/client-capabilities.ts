import { member, sourceText, type JsonNode } from '../platform/json/scan.ts';
import { invalidParams } from './rpc-error.ts';

/** What a client says it can do: in `initialize` for its session, in `_meta` for one modern request. */
export interface ClientCapabilities {
  /** JSON text of the object as it came. */
  readonly text: string;
  readonly elicitation: { readonly form: boolean; readonly url: boolean };
  readonly sampling: boolean;
  /** It lets a model that it runs for us use tools (2025-11-25). */
  readonly samplingTools: boolean;
  readonly roots: boolean;
  readonly extensions: ReadonlySet<string>;
}

/** Longest declaration that is kept. */
const mostText = 16 * 1024;

export const noCapabilities: ClientCapabilities = {
  text: '{}',
  elicitation: { form: false, url: false },
  sampling: false,
  samplingTools: false,
  roots: false,
  extensions: new Set(),
};

/**
 * Read a `ClientCapabilities` object. An `elicitation` that names no mode means forms, as in the revision before modes
 * were told apart (2025-06-18).
 * @param node absent = declares nothing
 * @throws RpcError -32602 when it is no object or longer than 16 KiB
 */
export function readCapabilities(bytes: Buffer, node: JsonNode | undefined): ClientCapabilities {
  if (node === undefined) return noCapabilities;
  if (node.kind !== 'object') throw invalidParams('"capabilities" must be an object.');
  if (node.end - node.start > mostText) throw invalidParams(`"capabilities" is longer than ${mostText} bytes.`);
  if (node.keys.length === 0) return noCapabilities;
  const elicitation = objectMember(node, 'elicitation');
  const url = objectMember(elicitation, 'url') !== undefined;
  const form = objectMember(elicitation, 'form') !== undefined || (elicitation !== undefined && !url);
  const sampling = objectMember(node, 'sampling');
  return {
    text: sourceText(bytes, node),
    elicitation: { form, url },
    sampling: sampling !== undefined,
    samplingTools: objectMember(sampling, 'tools') !== undefined,
    roots: objectMember(node, 'roots') !== undefined,
    extensions: new Set(objectMember(node, 'extensions')?.keys),
  };
}

function objectMember(node: JsonNode | undefined, key: string): JsonNode | undefined {
  const value = member(node, key);
  return value?.kind === 'object' ? value : undefined;
}
