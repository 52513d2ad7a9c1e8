import type { z } from 'zod';
import type { ErrorCode } from './error-codes.ts';

/** What a person may administer, from most to least. */
export const roles = ['owner', 'admin', 'member'] as const;
export type Role = (typeof roles)[number];

/**
 * Who may do something: whoever has at least this role; only the bearer of an open invitation; anybody at all, whatever
 * they send with it; or only a person who is signed in, with whatever role.
 */
export type Access = Role | 'invited' | 'anyone' | 'signed-in';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Anything an operation can answer with besides the errors it names itself. */
export const commonErrors = [
  'unauthenticated',
  'forbidden',
  'invalid_input',
  'rate_limited',
  'unavailable',
  'internal',
] as const satisfies readonly ErrorCode[];

/** An answer that is not JSON but bytes as they are made, in one of these media types. */
export interface Streamed {
  readonly media: readonly string[];
}

/** Whether an operation answers with bytes rather than JSON. */
export const isStreamed = (response: Operation['response']): response is Streamed =>
  response !== null && 'media' in response;

/** Bytes as they are made. They are complete when the stream ends and not when it breaks. */
export interface ByteStream {
  readonly contentType: string;
  /** More header fields, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * One thing the control plane can do, as data. Server routes, the API client, the OpenAPI document, the role matrix
 * of the tests and the audit trail (`action` = `id`) are all made from it.
 */
export interface Operation {
  /** `noun.verb`; also the client method, the audit action and the OpenAPI operationId. */
  readonly id: string;
  readonly method: HttpMethod;
  /** Path with `{name}` place-holders, one for every key of `params`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Null: the operation takes no body. */
  readonly body: z.ZodType | null;
  /** Null: the answer has no body (204). */
  readonly response: z.ZodType | Streamed | null;
  readonly status: 200 | 201 | 202 | 204;
  /** The least role that may do it; the others have no order among them. */
  readonly role: Access;
  /**
   * `instance`: only keys of the whole instance. `workspace`: also keys bound to the workspace in the path. `named`: the
   * same where the path names none: it is `workspace` of body or query, or that of the hosted instance in the path.
   */
  readonly scope: 'instance' | 'workspace' | 'named';
  /** Of the instance, and still open to a person who is signed in and has no role for it: they get their own part. */
  readonly ownPart?: true;
  /**
   * It hands out what outlives a session: a session does it only in the ten minutes after its person has signed in. Keys
   * are not asked. `errors` names `reauthentication_required`.
   */
  readonly recentSignIn?: true;
  /** It shows records: each reading is on record itself, as one event of an actor and minute with a count. */
  readonly watched?: true;
  /** Errors beyond `commonErrors`. */
  readonly errors: readonly ErrorCode[];
  /** A body that works as written, for the documentation. */
  readonly example?: unknown;
}

/** Declare an operation, keeping the exact types of its schemas. */
export const defineOperation = <const O extends Operation>(operation: O): O => operation;

/** What the operation's handler receives: parsed and with defaults filled in. */
export interface OperationInput<O extends Operation> {
  readonly params: z.output<O['params']>;
  readonly query: z.output<O['query']>;
  readonly body: O['body'] extends z.ZodType ? z.output<O['body']> : undefined;
}

/** What a caller sends. Parts without a required field may be left out. */
export type OperationRequest<O extends Operation> = Part<'params', z.input<O['params']>> &
  Part<'query', z.input<O['query']>> &
  (O['body'] extends z.ZodType ? Part<'body', z.input<O['body']>> : unknown);

/** What the operation answers with. */
export type OperationResponse<O extends Operation> = O['response'] extends z.ZodType
  ? z.output<O['response']>
  : O['response'] extends Streamed
    ? ByteStream
    : undefined;

// oxlint-disable-next-line typescript/no-empty-object-type -- `{}` here asks "is every field optional?"
type Part<Name extends string, Value> = {} extends Value
  ? { readonly [N in Name]?: Value }
  : { readonly [N in Name]: Value };
