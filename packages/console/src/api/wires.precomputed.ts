import { isStreamed } from '@mcpnest/contract/operation';
import type { Access, Operation } from '@mcpnest/contract/operation';
import { operations } from '@mcpnest/contract/operations';

/** What a page needs of an operation: how to call it and who may. Run at build time; no schema reaches a browser. */
export interface WireOperation {
  readonly id: string;
  readonly method: Operation['method'];
  readonly path: string;
  readonly role: Access;
  readonly scope: Operation['scope'];
  readonly body: true | null;
  /** Empty: JSON. */
  readonly response: null | { readonly media?: readonly string[] };
}

const wireOf = ({ id, method, path, role, scope, body, response }: Operation): WireOperation => ({
  ...{ id, method, path, role, scope },
  body: body === null ? null : true,
  response: isStreamed(response) ? response : response === null ? null : {},
});

/** Every operation by noun and verb. */
export const wires: Readonly<Record<string, Readonly<Record<string, WireOperation>>>> = Object.fromEntries(
  Object.entries(operations).map(([noun, verbs]) => [
    noun,
    Object.fromEntries(
      Object.entries(verbs).map(([verb, operation]: [string, Operation]) => [verb, wireOf(operation)]),
    ),
  ]),
);
