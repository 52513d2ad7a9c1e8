import type { CallKind, PolicyCall } from '../policy.ts';
import { decide, unchangedUntil, type Decision } from '../policy.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Principal } from './principal.ts';

/** A decision as a record has it. */
export interface RecordedDecision {
  /** The rule that is named. */
  readonly rule: string;
  readonly wouldDeny: string | null;
  /** Whether the call was refused, and whether its caller was told that there is such a thing. */
  readonly refused: 'no' | 'visibly' | 'as unknown';
}

/** What is to be decided once more. */
export interface RecordedCall {
  readonly method: string;
  readonly serverSlug: string;
  /** Own name of what was called. */
  readonly name: string;
  readonly definitionHash: string | null;
  /** Between these moments it was decided; milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Replay {
  readonly decision: Decision;
  /** As what it was judged. */
  readonly kind: CallKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether the decision is the recorded one. */
  readonly same: boolean;
}

/** What stands in a record in place of a rule when something else than the policy refused the call. */
const aside: Readonly<Record<string, 'form' | 'budget' | 'drill' | 'approval'>> = {
  limit: 'budget',
  drill: 'drill',
  approval: 'approval',
};
const ofForm = /^(?:protocol|header-mismatch|credential|request-state|unknown-[a-z]+)$/;

/** Who spoke last: the policy, the form of the request, a counter, a failure drill, or an approval that was missing. */
export function decidedBy(rule: string): 'policy' | 'form' | 'budget' | 'drill' | 'approval' {
  if (ofForm.test(rule)) return 'form';
  const colon = rule.indexOf(':');
  return (colon === -1 ? undefined : aside[rule.slice(0, colon)]) ?? 'policy';
}

/**
 * As what a recorded call may have been judged, the likeliest first. A completion is judged as the prompt or resource
 * it belongs to, which its record does not say; following a task as the tool that began it.
 */
export function kindsOf(method: string, name: string): readonly [CallKind, ...CallKind[]] {
  if (method === 'tools/call' || method.startsWith('tasks/')) return ['tool'];
  if (method === 'prompts/get') return ['prompt'];
  if (method === 'resources/read' || method === 'resources/subscribe') return ['resource'];
  if (method !== 'completion/complete') return ['method'];
  return /^[a-z][a-z0-9+.-]*:|\{/i.test(name) ? ['resource', 'prompt'] : ['prompt', 'resource'];
}

/**
 * Decide a recorded call once more, from the policy of then. A record says when it was written and not when it was
 * decided, which was at most a moment before; where a rule ended in between, both answers are looked at.
 */
export function decideAgain(
  snapshot: Snapshot,
  principal: Principal,
  call: RecordedCall,
  recorded: RecordedDecision,
): Replay {
  const replays = momentsOf(snapshot, call).flatMap((at) =>
    kindsOf(call.method, call.name).map((kind): Replay => {
      const decision = decide(snapshot, principal, question(call, kind), at);
      return { decision, kind, at, same: isSame(snapshot, call, decision, recorded) };
    }),
  );
  return replays.find(({ same }) => same) ?? replays[0]!;
}

const question = ({ method, serverSlug, name, definitionHash }: RecordedCall, kind: CallKind): PolicyCall => ({
  serverSlug,
  kind,
  name,
  definition: definitionHash,
  follows: method.startsWith('tasks/'),
});

/** One moment of each span in which nothing changes by itself, the last first. */
function momentsOf(snapshot: Snapshot, { notBefore, notAfter }: RecordedCall): number[] {
  const moments = [notBefore];
  for (let next = unchangedUntil(snapshot, notBefore); next <= notAfter; next = unchangedUntil(snapshot, next)) {
    moments.unshift(next);
  }
  return moments;
}

function isSame(snapshot: Snapshot, call: RecordedCall, decision: Decision, recorded: RecordedDecision): boolean {
  const { rule } = recorded;
  switch (decidedBy(rule)) {
    case 'form':
      return false;
    case 'budget':
      return decision.effect === 'allow';
    case 'approval':
      return decision.effect === 'allow' && rule === `approval:${decision.approval?.target}`;
    case 'drill': {
      const drill = snapshot.servers.find(({ slug }) => slug === call.serverSlug)?.drill;
      return decision.effect === 'allow' && rule === `drill:${drill?.id}`;
    }
    case 'policy':
      if (decision.rule !== rule) return false;
      if (decision.effect === 'allow') return recorded.refused === 'no' && decision.wouldDeny === recorded.wouldDeny;
      return recorded.refused === (decision.visible ? 'visibly' : 'as unknown');
  }
}
