import { hash } from 'node:crypto';
import { canonicalJson } from '../../platform/json/canonical.ts';
import type { ApprovalUse } from '../approvals/approvals.ts';
import type { Request } from '../governed-call.ts';
import type { CallTarget } from '../call-target.ts';
import type { Principal } from '../../domain/policy.ts';
import type { Clock } from '../../platform/clock.ts';
import { createSealedText, type SealedText } from '../../platform/sealed-text.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { invalidParams, type RpcError } from '../rpc-error.ts';
import { upstreamKey } from '../upstreams/upstream.ts';
import { longestState } from './input-required.ts';

/** What a `requestState` is good for: this principal's same request to the same upstream, and no other. */
export interface StateBinding {
  readonly principal: Principal;
  /** Key of the upstream: the server, where it is and with which credential it is reached. */
  readonly upstream: string;
  readonly method: string;
  /** The upstream's own name of the tool or prompt, or URI of the resource. */
  readonly name: string;
  /** Canonical text of the arguments; empty when there are none. */
  readonly args: string;
}

/** The binding of a request as it stands. */
export const bindingOf = ({ call, message, asked, method }: Request, target: CallTarget): StateBinding => ({
  principal: call.principal,
  upstream: upstreamKey(call.principal.workspaceId, target.server),
  method: method.method,
  name: target.name,
  args: asked.args === undefined ? '' : canonicalJson(message.bytes, asked.args),
});

/**
 * What comes back: the upstream's own state, the call of ours that waits, answers to an upstream that keeps no state,
 * only leave to try again, or how often the client was asked to wait for an approval.
 */
export type CarriedState = (
  | { readonly kind: 'relayed'; readonly state: string }
  | { readonly kind: 'parked'; readonly id: string }
  | { readonly kind: 'answers' }
  | { readonly kind: 'again' }
  | { readonly kind: 'waiting'; readonly asked: number }
) & {
  /** What the call was approved by that is gone on with. */
  readonly approval?: ApprovalUse | undefined;
};

/**
 * `requestState` as clients of this gateway see it. It passes through their hands, so it is sealed, and bound to who
 * asked, what was asked and until when: shown by anyone else, with other arguments or too late, it does not open
 * (2026-07-28, mrtr "Security Considerations").
 */
export class RequestStates {
  readonly #sealed: SealedText;
  readonly #clock: Clock;

  constructor(deps: { vault: Vault; clock: Clock }) {
    this.#sealed = createSealedText(deps.vault.deriveKey('gateway/request-state'));
    this.#clock = deps.clock;
  }

  /** @param ttlMs milliseconds until it is worthless */
  seal(state: CarriedState, binding: StateBinding, ttlMs: number): string {
    const text = JSON.stringify({ ...state, until: this.#clock.now() + ttlMs });
    return this.#sealed.seal(text, contextOf(binding));
  }

  /** @throws RpcError -32602, the same for every way in which it can be wrong */
  open(sealed: string, binding: StateBinding): CarriedState {
    const text = sealed.length > longest ? undefined : this.#sealed.open(sealed, contextOf(binding));
    if (text === undefined) throw invalidState();
    const { until, ...state } = JSON.parse(text) as CarriedState & { until: number };
    if (this.#clock.now() > until) throw invalidState();
    return state;
  }
}

/** Six bytes of JSON text for each character of an upstream's state at worst, four of ours for three of those. */
const longest = 8 * longestState + 1024;

export const invalidState = (): RpcError =>
  invalidParams('"params.requestState" is not valid for this request, or has expired. Send the request without it.');

const contextOf = ({ principal, upstream, method, name, args }: StateBinding): string =>
  JSON.stringify([principal.workspaceId, principal.tokenId, upstream, method, name, hash('sha256', args, 'hex')]);
