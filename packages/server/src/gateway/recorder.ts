import type { Journal } from '../platform/journal/journal.ts';
import type { CallIntent, CallMethod, CallOutcome, CallOutcomeKind, Receipt } from '../platform/journal/records.ts';
import type { ToolClass } from '@mcpnest/contract/rule-form';
import { newId } from '../domain/ids.ts';
import { classOf } from '../domain/policy/tool-class.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Clock } from '../platform/clock.ts';
import { quarterEnd, quarterOf } from '../platform/digest-salts.ts';
import { createKeyedDigest } from '../platform/keyed-digest.ts';
import { member, sourceText, stringValue } from '../platform/json/scan.ts';
import { clip } from '../platform/text.ts';
import type { Vault } from '../platform/vault/vault.ts';
import { metaKey } from '../domain/protocol.ts';
import type { Exchanged } from './inbound.ts';
import type { Message } from './message.ts';
import type { CallTarget } from './call-target.ts';
import { faultViews, UpstreamFault } from './upstreams/fault.ts';
import { errorCode, type UpstreamReply } from './upstreams/reply.ts';

/** Opens the record of each call and counts outcomes. Knows no value of an argument or result, only shapes and digests. */
export class Recorder {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #vault: Vault;
  /** By workspace, until the quarter ends or its salts change. */
  readonly #digests = new Map<
    string,
    { until: number; salts: Snapshot['argsSalts']; digest: (text: string) => string }
  >();
  readonly outcomes = new Map<string, number>();

  constructor(deps: { journal: Journal; clock: Clock; vault: Vault }) {
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.#vault = deps.vault;
  }

  /**
   * @param name what may be kept of what the caller asked for; what it means is added once known
   * @param callId of the row, where it has been named already
   */
  open(call: Exchanged, message: Message, method: CallMethod, name: string, callId?: string): CallRecord {
    return new CallRecord(this.#journal, this.#clock, this, call, message, method, name, callId);
  }

  /**
   * HMAC-SHA-256 under a key of the workspace and the quarter, so that equal digests prove little beyond it. The key
   * is made with a salt of theirs that only the database has: without it there is no such key any more.
   */
  digest({ workspace, argsSalts: salts }: Snapshot, canonical: string): string {
    const now = this.#clock.now();
    let known = this.#digests.get(workspace.id);
    if (known === undefined || now >= known.until || known.salts !== salts) {
      const quarter = quarterOf(now);
      // Where nothing has changed for long the newest goes on.
      const { salt } = salts?.findLast((one) => one.quarter <= quarter) ?? { salt: '' };
      const key = this.#vault.deriveKey(`args-mac/${workspace.id}/${quarter}/${salt}`);
      known = { until: quarterEnd(now), salts, digest: createKeyedDigest(key) };
      this.#digests.set(workspace.id, known);
    }
    return known.digest(canonical);
  }

  count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

/** The record of one call from the moment its parameters are readable. Exactly one ending is written. */
export class CallRecord {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #call: Exchanged;
  readonly #callId: string;
  readonly #bytesIn: number;
  readonly #clientName: string | null;
  readonly #traceId: string | null;
  readonly #method: CallMethod;
  readonly #asked: string;
  #target: CallTarget | undefined;
  #argsShape: string | null = null;
  #argsMac: string | null = null;
  #approvalId: string | null = null;
  #receipt: Receipt | undefined;

  constructor(
    journal: Journal,
    clock: Clock,
    recorder: Recorder,
    call: Exchanged,
    message: Message,
    method: CallMethod,
    asked: string,
    callId: string | undefined,
  ) {
    this.#journal = journal;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#call = call;
    this.#callId = callId ?? newId(clock.now());
    this.#bytesIn = message.bytes.length;
    this.#method = method;
    this.#asked = asked;
    this.#clientName = clientName(call, message);
    this.#traceId = traceId(message);
  }

  /** Id of the row. */
  get id(): string {
    return this.#callId;
  }

  target(target: CallTarget): void {
    this.#target = target;
  }

  /** The approval that is asked for, or that the call is sent with. */
  approval(id: string): void {
    this.#approvalId = id;
  }

  /** @param canonical of which a keyed digest is kept; undefined: nothing */
  arguments(shape: string, canonical: string | undefined): void {
    this.#argsShape = shape;
    if (canonical !== undefined) this.#argsMac = this.#recorder.digest(this.#call.held.snapshot, canonical);
  }

  /**
   * Write the intent in the workspace's mode.
   * @param wouldDeny what would have refused the call, were enforcement on
   * @throws AppError `unavailable` when a strict workspace cannot have its receipt
   */
  intent(rule: string, wouldDeny: string | null): Promise<Receipt> {
    return this.#journal.intent(this.#intent(rule, wouldDeny), this.#call.held.snapshot.settings.auditMode);
  }

  /** The intent is in the journal: from here on the call needs an ending. */
  written(receipt: Receipt): void {
    this.#receipt = receipt;
  }

  /** The call was refused before anything was sent. */
  deny(status: number, errorCode: string, rule: string): void {
    const outcome = status === 429 ? 'throttled' : 'denied';
    this.#recorder.count(outcome);
    this.#journal.denied({ ...this.#intent(rule, null), ...this.#ending(outcome, status, errorCode, 0, false) });
  }

  /** A failure drill answered in place of the server. */
  drilled(rule: string): void {
    this.#recorder.count('transport');
    this.#journal.denied({ ...this.#intent(rule, null), ...this.#ending('transport', 502, 'drill', 0, false) });
  }

  /**
   * A repeat, answered with what the first call got.
   * @param bytesOut undefined: there was nothing to give
   */
  repeated(bytesOut: number | undefined): void {
    if (bytesOut === undefined) this.#end('refused', 409, 'repeat', 0, false);
    else this.#end('ok', 200, 'repeat', bytesOut, false);
  }

  /** The upstream gave an answer: a result, a result that says the tool failed, or a JSON-RPC error. */
  answered(answer: UpstreamReply): void {
    const bytesOut = answer.bytes.length;
    if (answer.error !== undefined) {
      this.#end('rpc_error', 502, `rpc:${errorCode(answer) ?? 'invalid'}`, bytesOut, true);
      return;
    }
    const isError = member(answer.result, 'isError');
    const failed = isError !== undefined && sourceText(answer.bytes, isError) === 'true';
    const asks = stringValue(answer.bytes, member(answer.result, 'resultType')) === 'input_required';
    const code = failed ? 'tool_error' : asks ? 'input_required' : null;
    this.#end(failed ? 'tool_error' : 'ok', 200, code, bytesOut, true);
  }

  /**
   * It came to its end without an answer of its own of the upstream.
   * @param dispatched whether the upstream was asked for it
   */
  settled(code: string | null, dispatched: boolean): void {
    this.#end('ok', 200, code, 0, dispatched);
  }

  /** No answer came: the upstream's fault, or a defect of ours. */
  failed(error: unknown): void {
    if (error instanceof UpstreamFault) {
      const { outcome, status } = faultViews[error.fault];
      this.#end(outcome, status, error.fault, 0, error.dispatched);
    } else {
      // Whether anything had left is not known, so the row says it had.
      this.#end('refused', 503, 'internal', 0, true);
    }
  }

  #end(outcome: CallOutcomeKind, status: number, error: string | null, bytesOut: number, dispatched: boolean): void {
    this.#recorder.count(outcome);
    if (this.#receipt !== undefined) {
      this.#journal.outcome(this.#receipt, this.#ending(outcome, status, error, bytesOut, dispatched));
    }
  }

  #intent(rule: string, wouldDeny: string | null): CallIntent {
    const { principal, held, server, era, inbound } = this.#call;
    const owner = this.#target?.server ?? server;
    return {
      callId: this.#callId,
      workspaceId: principal.workspaceId,
      memberId: principal.memberId,
      tokenId: principal.tokenId,
      principalKind: principal.kind,
      authMethod: 'gateway_token',
      serverId: owner?.id ?? null,
      serverSlug: owner?.slug ?? null,
      method: this.#method,
      toolName: this.#target?.definition.name ?? clip(this.#asked, 128),
      rule,
      wouldDeny,
      approvalId: this.#approvalId,
      policyVersion: held.snapshot.version,
      policyDigest: held.policyDigest,
      policyAgeMs: inbound.startedAt - held.confirmed.at,
      toolClass: this.#toolClass(),
      definitionHash: this.#target?.definition.hash ?? null,
      argsShape: this.#argsShape,
      argsMac: this.#argsMac,
      era: era.kind,
      protocolVersion: era.version,
      clientName: this.#clientName,
      bytesIn: this.#bytesIn,
      traceId: this.#traceId,
    };
  }

  #toolClass(): ToolClass | null {
    if (this.#target === undefined) return null;
    if (this.#method !== 'tools/call' && !this.#method.startsWith('tasks/')) return null;
    return classOf(this.#target.server, this.#target.definition.name);
  }

  #ending(
    outcome: CallOutcomeKind,
    status: number,
    error: string | null,
    bytesOut: number,
    dispatched: boolean,
  ): CallOutcome {
    const { startedAt, upstreamMs } = this.#call.inbound;
    return {
      callId: this.#callId,
      outcome,
      status,
      errorCode: error,
      latencyMs: Math.round(this.#clock.monotonic() - startedAt),
      upstreamMs: dispatched ? Math.round(upstreamMs) : null,
      bytesOut,
      dispatched,
    };
  }
}

function clientName(call: Exchanged, message: Message): string | null {
  if (call.session !== undefined) return call.session.clientName;
  const info = member(message.meta, metaKey.clientInfo);
  const { userAgent } = call.inbound.head;
  const named = clippedOr(stringValue(message.bytes, member(info, 'name')));
  if (named !== undefined) return named;
  // A header is a string of its own and need be copied only to be shortened.
  return userAgent === undefined || userAgent.length <= 128 ? (userAgent ?? null) : clip(userAgent, 128);
}

const clippedOr = (text: string | undefined): string | undefined => (text === undefined ? undefined : clip(text, 128));

/** The trace id of `traceparent` (W3C Trace Context), from `_meta` (SEP-414). */
function traceId(message: Message): string | null {
  const parent = stringValue(message.bytes, member(message.meta, 'traceparent'));
  if (parent === undefined) return null;
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(parent)?.[1] ?? null;
}
