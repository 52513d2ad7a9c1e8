import { isStreamed } from '@mcpnest/contract/operation';
import type { ByteStream, Operation } from '@mcpnest/contract/operation';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { AppError, forbidden, invalidInput, notFound } from '../domain/errors.ts';
import type { InputIssue } from '../domain/errors.ts';
import { permission } from '../domain/roles.ts';
import type { Actor } from '../domain/roles.ts';
import type { Schema } from '../platform/database/schema.ts';
import type { Log } from '../platform/log.ts';
import { authenticate, confirmActor } from './authenticate.ts';
import { runChange } from './change.ts';
import type { ChangeDeps } from './change.ts';
import type { FailedLogins } from './failed-logins.ts';
import { findWorkspace, namedWorkspace } from './named-workspace.ts';
import { unknownKeys } from './nearest.ts';
import type { Route } from './operation.ts';
import { readJsonBody } from './read-body.ts';
import { refuseStopped } from './stopped-actor.ts';
import { streamedResponse } from './streamed.ts';
import { createWatched, type Watched } from './watched.ts';

export interface PipelineDeps extends ChangeDeps {
  readonly failedLogins: FailedLogins;
  readonly log: Log;
}

interface Incoming {
  readonly request: Request;
  readonly params: Record<string, string>;
  readonly info: { readonly actor?: Actor; readonly remoteAddress?: string };
}

/**
 * What happens to every request for an operation, in this order: who is it, may they, does the workspace exist, is
 * the input right, then the operation. Permission follows from the credential and the path alone, so a caller learns
 * nothing about what they may not see.
 */
export function createPipeline(deps: PipelineDeps): (route: Route, incoming: Incoming) => Promise<Response> {
  const watched = createWatched(deps);
  return async (route, { request, params, info }) => {
    const { operation } = route;
    const actor = info.actor ?? (await logIn(deps, watched, request, info.remoteAddress ?? 'unknown'));
    try {
      return await perform(deps, watched, route, { request, params, actor });
    } catch (error) {
      await watched.refused(actor, operation, error);
      throw error;
    }
  };
}

async function perform(
  deps: PipelineDeps,
  watched: Watched,
  route: Route,
  { request, params, actor }: Pick<Incoming, 'request' | 'params'> & { readonly actor: Actor },
): Promise<Response> {
  const { operation } = route;
  authorise(actor, operation, params.workspace);
  const inPath = operation.scope === 'workspace' ? await findWorkspace(deps.db, params.workspace!) : null;
  const input = {
    params: parse(operation.params, params, 'path'),
    query: parse(operation.query, readQuery(request), 'query'),
    body: operation.body === null ? undefined : parse(operation.body, await readJsonBody(request), 'body'),
  };
  const workspace = operation.scope === 'named' ? await namedWorkspace(deps.db, actor, input) : inPath;
  const workspaceId = actor.kind === 'invited' ? actor.workspace.id : workspace?.id;
  const confirm = async (tx: Kysely<Schema>, at: string): Promise<void> => {
    await confirmActor(tx, actor, at);
    await refuseStopped(tx, actor, workspaceId, at);
  };
  const result = await route.handle({
    actor,
    workspace,
    input,
    change: (work) => runChange(deps, { actor, action: operation.id, workspaceId, confirm }, work),
  });
  if (operation.watched === true) await watched.read(actor, operation, workspace?.id ?? null);
  return answer(operation, result, deps.log);
}

async function logIn(deps: PipelineDeps, watched: Watched, request: Request, remoteAddress: string): Promise<Actor> {
  try {
    return await authenticate(deps.db, deps.clock, request.headers.get('authorization'));
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthenticated') {
      deps.failedLogins.count(remoteAddress);
      await watched.failedLogin(remoteAddress);
    }
    throw error;
  }
}

function authorise(actor: Actor, operation: Operation, workspaceSlug: string | undefined): void {
  const verdict = permission(actor, operation, workspaceSlug);
  if (verdict === 'allow') return;
  if (verdict === 'hidden') throw notFound('workspace', workspaceSlug!.slice(0, 100));
  if (verdict === 'instance-only')
    throw forbidden(`${operation.id} needs a key for the whole instance; this key is bound to one workspace.`);
  if (verdict === 'invited-only')
    throw forbidden(`${operation.id} needs the secret of an invitation: Authorization: Bearer mni_…`);
  throw forbidden(`${operation.id} needs the role ${operation.role}.`);
}

function readQuery(request: Request): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [key, value] of new URL(request.url).searchParams) {
    if (Object.hasOwn(query, key)) throw invalidInput(`The query names '${key.slice(0, 50)}' twice.`);
    Object.defineProperty(query, key, { value, enumerable: true });
  }
  return query;
}

function parse(schema: z.ZodType, value: unknown, place: 'path' | 'query' | 'body'): unknown {
  const result = schema.safeParse(value, { error: unknownKeys });
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue) => explain(issue, place)).slice(0, 20);
  const summary = issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
  throw invalidInput(`${summary.slice(0, 500)}.`, issues);
}

/** zod's words turned into ours where its own do not say what to do. */
function explain(issue: z.core.$ZodIssue, prefix: string): InputIssue[] {
  const path = [prefix, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    const hints = issue.message.split('\n');
    return issue.keys.map((key, index) => ({
      path: `${path}.${key.slice(0, 50)}`,
      message: `is not a field of this operation${hints[index] ?? ''}`,
    }));
  }
  if (issue.code === 'invalid_union') {
    const nearest = [...issue.errors].sort((a, b) => rankOf(a) - rankOf(b))[0];
    if (nearest !== undefined) return nearest.flatMap((inner) => explain(inner, path));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path, message: 'is required' }];
  return [{ path, message: issue.message.replace(/^Invalid input: /, '') }];
}

/** The branch of a union the caller seems to have meant: the one whose fields were present. */
const rankOf = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.some((issue) => issue.code === 'unrecognized_keys' || issue.code === 'invalid_type') ? 1 : 0;

/** Only what the contract declares leaves: unknown fields are dropped and a missing one is a defect of ours. */
function answer(operation: Operation, result: unknown, log: Log): Response {
  if (operation.response === null) return new Response(null, { status: operation.status });
  // The handler's type says that it is one.
  if (isStreamed(operation.response)) return streamedResponse(operation, result as ByteStream, log);
  const declared = operation.response.safeParse(result);
  if (!declared.success) {
    throw new AppError('internal', 'The answer does not have the declared form.', { cause: declared.error });
  }
  return Response.json(declared.data, { status: operation.status });
}
