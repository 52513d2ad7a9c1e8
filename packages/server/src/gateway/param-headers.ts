import { decodeHeaderValue } from '../platform/header-value.ts';
import type { ParamHeader } from '../platform/param-headers.ts';
import { headerMismatch } from './rpc-error.ts';

/**
 * Refuse a modern call whose `Mcp-Param-*` headers say other than its arguments.
 * @throws RpcError -32020
 */
export function requireMirroredParams(
  inbound: ReadonlyMap<string, string> | undefined,
  declared: readonly ParamHeader[],
  expected: readonly { header: string; value: string }[],
): void {
  for (const { header } of declared) {
    const sent = inbound?.get(header.toLowerCase());
    const wanted = expected.find((entry) => entry.header === header)?.value;
    if (sent === undefined && wanted === undefined) continue;
    const agrees = sent !== undefined && wanted !== undefined && sameValue(decodeHeaderValue(sent.trim()), wanted);
    if (!agrees) throw headerMismatch(`The header Mcp-Param-${header} differs from the arguments.`);
  }
}

const integer = /^-?[0-9]+$/;

const sameValue = (a: string | undefined, b: string): boolean => a === b || (a !== undefined && sameInteger(a, b));

const sameInteger = (a: string, b: string): boolean =>
  integer.test(a) && integer.test(b) && a.length <= 40 && b.length <= 40 && BigInt(a) === BigInt(b);
