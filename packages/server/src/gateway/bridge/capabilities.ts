import { rpcCode } from '../../domain/protocol.ts';
import { member, scanJson, sourceText, stringValue, type JsonNode, type ScanLimits } from '../../platform/json/scan.ts';
import type { ClientCapabilities } from '../client-capabilities.ts';
import { RpcError } from '../rpc-error.ts';

/** Extensions whose every hop the gateway can honour, so that it may declare them in a client's name. */
export const relayedExtensions: ReadonlySet<string> = new Set([
  'io.modelcontextprotocol/ui',
  'io.modelcontextprotocol/tasks',
]);

const limits: ScanLimits = { maxDepth: 64, maxElements: 20_000, maxKeys: 5_000, nodeDepth: 3, strict: true };

/** Clients of one kind declare the same, over and over. */
const known = new Map<string, string>();
const mostKnown = 500;

/**
 * What to declare to an upstream in the name of a client: what it declared, as far as every hop can honour it. So an
 * upstream never asks what the client could not answer (lifecycle "Capability Negotiation").
 * @returns JSON text of an object
 */
export function declaredUpstream({ text }: ClientCapabilities): string {
  if (text === '{}') return text;
  const met = known.get(text);
  if (met !== undefined) return met;
  const declared = declare(Buffer.from(text));
  if (known.size >= mostKnown) known.clear();
  if (text.length <= 1024) known.set(text, declared);
  return declared;
}

function declare(bytes: Buffer): string {
  const root = scanJson(bytes, limits);
  const isObject = (node: JsonNode | undefined): node is JsonNode => node?.kind === 'object';
  const members: string[] = [];
  const elicitation = member(root, 'elicitation');
  if (isObject(elicitation)) {
    // An empty object is how forms were declared until 2025-06-18, and still may be.
    const modes = ['form', 'url'].filter((mode) => isObject(member(elicitation, mode)));
    members.push(`"elicitation":{${modes.map((mode) => `"${mode}":{}`).join(',')}}`);
  }
  const sampling = member(root, 'sampling');
  if (isObject(sampling)) members.push(`"sampling":${sourceText(bytes, sampling)}`);
  // Changes of roots are not passed on, so they are not promised.
  if (isObject(member(root, 'roots'))) members.push('"roots":{}');
  const extensions = member(root, 'extensions');
  const relayed = (extensions?.keys ?? []).flatMap((id, i) =>
    relayedExtensions.has(id) ? [`"${id}":${sourceText(bytes, extensions!.children[i]!)}`] : [],
  );
  if (relayed.length > 0) members.push(`"extensions":{${relayed.join(',')}}`);
  return `{${members.join(',')}}`;
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
      return stringValue(bytes, member(params, 'mode')) === 'url'
        ? need(declared.elicitation.url, { elicitation: { url: {} } })
        : need(declared.elicitation.form, { elicitation: { form: {} } });
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
