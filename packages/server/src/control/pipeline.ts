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
import { authenticate, confirmActor, nothingSent } from './authenticate.ts';
import { runChange } from './change.ts';
import type { ChangeDeps } from './change.ts';
import { readSessionCookie, type CookiePolicy } from './console-cookie.ts';
import {
  actorOfSession,
  checkCsrf,
  lookUpSession,
  refuseForeignPage,
  requireRecentSignIn,
  sessionEnded,
} from './console-session.ts';
import type { FailedLogins } from './failed-logins.ts';
import { findWorkspace, placeNamed } from './named-workspace.ts';
import { unknownKeys } from './nearest.ts';
import type { Route, RouteContext, Visit, WorkspaceRef } from './operation.ts';
import { readJsonBody } from './read-body.ts';
import { refuseStopped } from './stopped-actor.ts';
import { streamedResponse } from './streamed.ts';
import { createWatched, type Watched } from './watched.ts';

export interface PipelineDeps extends ChangeDeps {
  readonly failedLogins: FailedLogins;
  readonly cookies: CookiePolicy;
  readonly csrfKey: Buffer;
  readonly log: Log;
}

interface Incoming {
  readonly request: Request;
  readonly params: Record<string, string>;
  readonly info: { readonly actor?: Actor; readonly remoteAddress?: string };
}

/** Who asks, as far as is known. */
interface Caller {
  actor: Actor;
}

/**
 * What happens to every request for an operation, in this order: who is it, may they, does the workspace exist, is
 * the input right, then the operation. Permission follows from the credential and the path alone, so a caller learns
 * nothing about what they may not see. Where the path names no workspace, the input does: whether they may is asked
 * again once it is known.
 */
export function createPipeline(deps: PipelineDeps): (route: Route, incoming: Incoming) => Promise<Response> {
  const watched = createWatched(deps);
  return async (route, { request, params, info }) => {
    const { operation } = route;
    const address = info.remoteAddress ?? 'unknown';
    const visit = { headers: request.headers, address, answer: new Headers() };
    if (operation.role === 'anyone') {
      refuseForeignPage(request);
      const actor = { kind: 'anyone' } as const;
      return countingFailures(deps, watched, address, () =>
        perform(deps, watched, route, { request, params, caller: { actor }, visit }),
      );
    }
    const caller = { actor: info.actor ?? (await logIn(deps, watched, operation, { request, params, address })) };
    try {
      return await perform(deps, watched, route, { request, params, caller, visit });
    } catch (error) {
      await watched.refused(caller.actor, operation, error);
      throw error;
    }
  };
}

async function perform(
  deps: PipelineDeps,
  watched: Watched,
  route: Route,
  { request, params, caller, visit }: Pick<Incoming, 'request' | 'params'> & { readonly caller: Caller; visit: Visit },
): Promise<Response> {
  const { operation } = route;
  authorise(caller.actor, operation, params.workspace);
  if (operation.recentSignIn === true) await requireRecentSignIn(deps.db, caller.actor, deps.clock.now());
  const inPath = operation.scope === 'workspace' ? await findWorkspace(deps.db, params.workspace!) : null;
  const input = {
    params: parse(operation.params, params, 'path'),
    query: parse(operation.query, readQuery(request), 'query'),
    body: operation.body === null ? undefined : parse(operation.body, await readJsonBody(request), 'body'),
  };
  const workspace = operation.scope === 'named' ? await enterNamed(deps, operation, caller, input) : inPath;
  const { actor } = caller;
  const workspaceId = actor.kind === 'invited' ? actor.workspace.id : workspace?.id;
  const confirm = async (tx: Kysely<Schema>, at: string): Promise<void> => {
    await confirmActor(tx, actor, at);
    await refuseStopped(tx, actor, workspaceId, at);
  };
  const result = await route.handle({
    actor,
    workspace,
    input,
    visit,
    change: (work) => runChange(deps, { actor, action: operation.id, workspaceId, confirm }, work),
  });
  if (operation.watched === true) await watched.read(actor, operation, workspace?.id ?? null);
  const response = answer(operation, result, request.method, deps.log);
  for (const [name, value] of visit.answer) response.headers.append(name, value);
  return response;
}

/** Who they are in the workspace that the input names, and whether they may, is known only now. */
async function enterNamed(
  { db }: PipelineDeps,
  operation: Operation,
  caller: Caller,
  input: RouteContext['input'],
): Promise<WorkspaceRef> {
  const { actor, workspace } = await placeNamed(db, caller.actor, input);
  caller.actor = actor;
  authorise(actor, { ...operation, scope: 'workspace' }, workspace.slug);
  return workspace;
}

interface Knock {
  readonly request: Request;
  readonly params: Record<string, string>;
  readonly address: string;
}

/** A key counts where both are sent; a session is judged by what it may do where the operation is. */
async function logIn(
  deps: PipelineDeps,
  watched: Watched,
  operation: Operation,
  { request, params, address }: Knock,
): Promise<Actor> {
  const { db, clock } = deps;
  const header = request.headers.get('authorization');
  if (header !== null) return countingFailures(deps, watched, address, () => authenticate(db, clock, header));
  const secret = readSessionCookie(request.headers, deps.cookies);
  if (secret === undefined) {
    // The console asks who is signed in before anybody is.
    if (operation.role === 'signed-in') throw nothingSent();
    return countingFailures(deps, watched, address, () => Promise.reject(nothingSent()));
  }
  // A session that has ended is no try to get in; one that never was is.
  const session = await countingFailures(deps, watched, address, () => lookUpSession(db, secret, clock.now()));
  if (session === undefined) throw sessionEnded();
  checkCsrf(request, deps.csrfKey, session);
  return actorOfSession(db, session, operation, params.workspace);
}

/** @throws AppError what the work throws, or `rate_limited` in its place where the address has failed too often */
async function countingFailures<T>(
  { failedLogins }: PipelineDeps,
  watched: Watched,
  address: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthenticated') {
      failedLogins.count(address);
      await watched.failedLogin(address);
    }
    throw error;
  }
}

function authorise(actor: Actor, operation: Operation, workspaceSlug: string | undefined): void {
  const verdict = permission(actor, operation, workspaceSlug);
  if (verdict === 'allow') return;
  if (verdict === 'hidden') throw notFound('workspace', workspaceSlug!.slice(0, 100));
  if (verdict === 'instance-only')
    throw forbidden(
      actor.kind === 'user' && actor.workspace === 'none'
        ? `${operation.id} needs a role for the whole instance.`
        : `${operation.id} needs a key for the whole instance; this key is bound to one workspace.`,
    );
  if (verdict === 'invited-only')
    throw forbidden(`${operation.id} needs the secret of an invitation: Authorization: Bearer mni_…`);
  if (verdict === 'signed-in-only') throw forbidden(`${operation.id} needs a session of the console; sign in there.`);
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
function answer(operation: Operation, result: unknown, method: string, log: Log): Response {
  if (operation.response === null) return new Response(null, { status: operation.status });
  if (isStreamed(operation.response)) {
    // The handler's type says that it is one.
    const response = streamedResponse(operation, result as ByteStream, log);
    // Nobody reads what follows the head, so nothing else would end it.
    if (method === 'HEAD') void response.body?.cancel();
    return response;
  }
  const declared = operation.response.safeParse(result);
  if (!declared.success) {
    throw new AppError('internal', 'The answer does not have the declared form.', { cause: declared.error });
  }
  return Response.json(declared.data, { status: operation.status });
}
