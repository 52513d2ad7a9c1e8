import { rpcCode } from '../../domain/protocol.ts';
import { member, scanJson, sourceText, type JsonNode, type ScanLimits } from '../../platform/json/scan.ts';
import { RpcError } from '../rpc-error.ts';

/** Extensions whose every hop the gateway can honour, so that it may declare them in a client's name. */
export const relayedExtensions: ReadonlySet<string> = new Set([
  'io.modelcontextprotocol/ui',
  'io.modelcontextprotocol/tasks',
]);

/**
 * What a client can be asked while its request runs, as far as the gateway relays it. Exactly this is declared to the
 * upstream, so that it never asks what the client could not answer (lifecycle "Capability Negotiation").
 */
export interface ClientCapabilities {
  /** JSON text to declare upstream. */
  readonly text: string;
  readonly elicitForm: boolean;
  readonly elicitUrl: boolean;
  readonly sampling: boolean;
  readonly samplingTools: boolean;
  readonly roots: boolean;
  /** The relayed ones among those declared. */
  readonly extensions: ReadonlySet<string>;
}

/** A client that can be asked nothing: every bare one, and most others. */
export const noCapabilities: ClientCapabilities = {
  text: '{}',
  elicitForm: false,
  elicitUrl: false,
  sampling: false,
  samplingTools: false,
  roots: false,
  extensions: new Set(),
};

const limits: ScanLimits = { maxDepth: 16, maxElements: 1_000, maxKeys: 100, nodeDepth: 3, strict: true };
const longest = 16 * 1024;

/** Clients of one kind declare the same, with every request. */
const known = new Map<string, ClientCapabilities>([['{}', noCapabilities]]);
const mostKnown = 500;

/**
 * Read a declaration: the `capabilities` of `initialize` or the value of `_meta` `clientCapabilities`.
 * @param text JSON text; what is not an object, too large or malformed declares nothing
 */
export function readCapabilities(text: string): ClientCapabilities {
  const met = known.get(text);
  if (met !== undefined) return met;
  const read = text.length > longest ? noCapabilities : parse(Buffer.from(text));
  if (known.size >= mostKnown) known.clear();
  known.set('{}', noCapabilities);
  if (text.length <= 1024) known.set(text, read);
  return read;
}

function parse(bytes: Buffer): ClientCapabilities {
  let root: JsonNode;
  try {
    root = scanJson(bytes, limits);
  } catch {
    return noCapabilities;
  }
  const has = (node: JsonNode | undefined): node is JsonNode => node?.kind === 'object';
  const elicitation = member(root, 'elicitation');
  const url = has(member(elicitation, 'url'));
  // Until 2025-06-18 there were forms alone, declared by an empty object.
  const formOnly = has(elicitation) && elicitation.keys.length === 0;
  const form = has(member(elicitation, 'form')) || formOnly;
  const sampling = member(root, 'sampling');
  const roots = has(member(root, 'roots'));
  const extensions = member(root, 'extensions');

  const members: string[] = [];
  if (form || url) {
    const modes = formOnly ? [] : [...(form ? ['"form":{}'] : []), ...(url ? ['"url":{}'] : [])];
    members.push(`"elicitation":{${modes.join(',')}}`);
  }
  if (has(sampling)) members.push(`"sampling":${sourceText(bytes, sampling)}`);
  // Changes of roots are not passed on, so they are not promised.
  if (roots) members.push('"roots":{}');
  const relayed = (has(extensions) ? extensions.keys : []).flatMap((id, i) =>
    relayedExtensions.has(id) ? [{ id, settings: sourceText(bytes, extensions!.children[i]!) }] : [],
  );
  if (relayed.length > 0) {
    members.push(`"extensions":{${relayed.map(({ id, settings }) => `"${id}":${settings}`).join(',')}}`);
  }
  if (members.length === 0) return noCapabilities;
  return {
    text: `{${members.join(',')}}`,
    elicitForm: form,
    elicitUrl: url,
    sampling: has(sampling),
    samplingTools: has(member(sampling, 'tools')),
    roots,
    extensions: new Set(relayed.map(({ id }) => id)),
  };
}

/** Something an upstream wants from the client in the middle of a request. */
export interface InputRequest {
  readonly method: string;
  /** JSON text of an object. */
  readonly params: string;
}

const asked: ScanLimits = { maxDepth: 64, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 2, strict: true };

/**
 * The capability a client must have declared to be asked this.
 * @returns `granted`, what is missing (in the form of `requiredCapabilities`), or `unknown` for what no client is asked
 */
export function requires(request: InputRequest, declared: ClientCapabilities): Verdict {
  const need = (granted: boolean, missing: Readonly<Record<string, unknown>>): Verdict =>
    granted ? { kind: 'granted' } : { kind: 'missing', missing };
  let params: JsonNode;
  const bytes = Buffer.from(request.params);
  try {
    params = scanJson(bytes, asked);
  } catch {
    return { kind: 'unknown' };
  }
  if (params.kind !== 'object') return { kind: 'unknown' };
  switch (request.method) {
    case 'elicitation/create': {
      const mode = member(params, 'mode');
      const url = mode !== undefined && sourceText(bytes, mode) === '"url"';
      return url
        ? need(declared.elicitUrl, { elicitation: { url: {} } })
        : need(declared.elicitForm, { elicitation: { form: {} } });
    }
    case 'sampling/createMessage': {
      const tools = member(params, 'tools') !== undefined || member(params, 'toolChoice') !== undefined;
      return tools
        ? need(declared.samplingTools, { sampling: { tools: {} } })
        : need(declared.sampling, { sampling: {} });
    }
    case 'roots/list':
      return need(declared.roots, { roots: {} });
    default:
      return { kind: 'unknown' };
  }
}

type Verdict =
  | { readonly kind: 'granted' }
  | { readonly kind: 'missing'; readonly missing: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unknown' };

/** The client would have to declare this for the request to go on (2026-07-28, `MissingRequiredClientCapability`). */
export const missingCapability = (requiredCapabilities: Readonly<Record<string, unknown>>): RpcError =>
  new RpcError(400, rpcCode.missingCapability, 'The client lacks a capability that this request needs.', {
    requiredCapabilities,
  });
