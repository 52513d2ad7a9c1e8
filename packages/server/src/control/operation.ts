import type { Operation, OperationInput, OperationResponse } from '@mcpnest/contract/operation';
import type { Actor } from '../domain/roles.ts';
import type { Changer } from './change.ts';

/** The request as those operations need it that let people in and out. */
export interface Visit {
  readonly headers: Headers;
  /** Of the network. */
  readonly address: string;
  /** Fields of the answer to come. */
  readonly answer: Headers;
}

export interface WorkspaceRef {
  readonly id: string;
  readonly slug: string;
}

/** What a handler is given: everything is authenticated, authorised, looked up in the caller's reach, and parsed. */
export interface OperationContext<O extends Operation> {
  readonly actor: Actor;
  /** The workspace of the path, or the one that is named otherwise; absent on operations of the instance. */
  readonly workspace: O['scope'] extends 'instance' ? null : WorkspaceRef;
  readonly input: OperationInput<O>;
  /** Run a change under this operation's id. */
  readonly change: Changer;
  readonly visit: Visit;
}

/** An operation of the contract joined with the code that performs it. */
export interface Route {
  readonly operation: Operation;
  readonly handle: (context: RouteContext) => Promise<unknown>;
}

export interface RouteContext {
  readonly actor: Actor;
  readonly workspace: WorkspaceRef | null;
  readonly input: { readonly params: unknown; readonly query: unknown; readonly body: unknown };
  readonly change: Changer;
  readonly visit: Visit;
}

/** Join an operation with its handler; the types of both come from the contract. */
export const route = <O extends Operation>(
  operation: O,
  handler: (context: OperationContext<O>) => Promise<OperationResponse<O>>,
): Route => ({
  operation,
  // The pipeline in app.ts parsed the input with the operation's own schemas and looked the workspace up.
  handle: (context) => handler(context as unknown as OperationContext<O>),
});
