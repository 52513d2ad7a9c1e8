import { hash } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import { classOf } from '../../domain/policy/tool-class.ts';
import { metaKey, rpcCode } from '../../domain/protocol.ts';
import { defaultReplayGuard, type ReplayGuardSettings } from '../../domain/snapshot.ts';
import { canonicalJson } from '../../platform/json/canonical.ts';
import { member, sourceText, stringValue } from '../../platform/json/scan.ts';
import { budgetHolder } from '../budget.ts';
import type { CallTarget } from '../call-target.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Request } from '../governed-call.ts';
import { invalidParams } from '../rpc-error.ts';
import { UpstreamFault } from '../upstreams/fault.ts';
import { errorCode } from '../upstreams/reply.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import type { Claim } from './replay-memory.ts';

/** What makes two calls the same. */
export interface Sameness {
  readonly key: string;
  /** Whose they are: a person or machine of one workspace, however many tokens they have. */
  readonly caller: string;
  readonly windowMs: number;
}

const longestId = 128;

/**
 * Whether a call is guarded against being repeated, and what it is the same as. Only calls of tools that write or destroy
 * are, and without a name of the client's request only where that is turned on.
 * @returns undefined for a call that is not
 * @throws RpcError -32602 for a request id that cannot be used, with the row written
 */
export function samenessOf(request: Request, { server, definition }: CallTarget): Sameness | undefined {
  const { method, call, message, asked, record } = request;
  if (method.method !== 'tools/call') return undefined;
  const node = member(message.meta, metaKey.requestId);
  const settings = server.replayGuard ?? defaultReplayGuard;
  if (node === undefined && settings.mode !== 'always' && settings.tools.length === 0) return undefined;
  const mode = modeOf(settings, definition.name);
  if (mode === 'off' || (node === undefined && mode !== 'always')) return undefined;
  if (classOf(server, definition.name) === 'read') return undefined;
  const id = node === undefined ? null : stringValue(message.bytes, node);
  if (id === undefined || id === '' || (id !== null && id.length > longestId)) {
    record.deny(400, 'invalid_params', 'protocol');
    throw invalidParams(`"params._meta.${metaKey.requestId}" must be a string of 1 to ${longestId} characters.`);
  }
  const { principal } = call;
  const args = asked.args === undefined ? '' : canonicalJson(message.bytes, asked.args);
  // A call that goes on with what its server asked for is another one than the call that was asked.
  const goesOn = ['inputResponses', 'requestState'].map((name) => {
    const given = member(message.params, name);
    return given === undefined ? null : sourceText(message.bytes, given);
  });
  const same = [principal.workspaceId, budgetHolder(principal), server.id, definition.name, id, args, ...goesOn];
  return {
    key: hash('sha256', JSON.stringify(same), 'base64'),
    caller: `${principal.workspaceId} ${budgetHolder(principal)}`,
    windowMs: settings.windowSeconds * 1_000,
  };
}

const modeOf = ({ mode, tools }: ReplayGuardSettings, tool: string): ReplayGuardSettings['mode'] =>
  tools.find((entry) => entry.tool === tool)?.mode ?? mode;

/** A first call on its way. */
export class GuardedCall {
  readonly #claim: Claim;

  constructor(deps: GatewayDeps, { key, caller, windowMs }: Sameness, callId: string) {
    this.#claim = deps.replays.claim(key, caller, { callId, at: deps.clock.now() }, windowMs);
  }

  answered(answer: UpstreamAnswer): void {
    // Until its client has opened a link nothing has happened; it comes again with the same request.
    if (answer.error !== undefined && errorCode(answer) === rpcCode.urlElicitationRequired) {
      return this.#claim.abandon(new AppError('conflict', 'The call waits for its client to open a link.'));
    }
    this.#claim.settle({ kind: 'answered', bytes: answer.bytes });
  }

  failed(error: unknown): void {
    if (error instanceof UpstreamFault && (!error.dispatched || refused.has(error.fault))) {
      return this.#claim.abandon(error);
    }
    this.#claim.settle({ kind: 'unknown' });
  }

  /** It was turned away before anything was sent; whoever waits for it hears the same. */
  notSent(error: unknown): void {
    this.#claim.abandon(error);
  }

  /** It has ended; where nothing else was said, nothing was sent. */
  left(): void {
    this.#claim.abandon(new AppError('unavailable', 'The call that came first was not sent. Call again.'));
  }
}

/** Faults by which a server turns a request away unread. */
const refused: ReadonlySet<UpstreamFault['fault']> = new Set(['unauthorized', 'throttled']);
