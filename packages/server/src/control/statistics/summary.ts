import type { CallSummary } from '@mcpnest/contract/schemas/statistics';
import { callFault, type CallFault } from '../../domain/call-fault.ts';
import { latencyPercentile } from '../../domain/latency.ts';

/** What is read of counts for a summary. */
export const summaryColumns = ['outcome', 'status', 'latency_bucket'] as const;
export const summarySums = [
  'calls',
  'would_deny',
  'latency_ms',
  'upstream_calls',
  'upstream_ms',
  'bytes_in',
  'bytes_out',
] as const;

type Counted = Readonly<Record<(typeof summarySums)[number], number>> & {
  readonly outcome: string;
  readonly status: number;
  readonly latency_bucket: number;
};

/** Ends that say the server did answer, whatever it said. */
const answered = new Set(['ok', 'tool_error', 'rpc_error']);

/** Adds counts up to what is said of them. */
export class Summary {
  #calls = 0;
  #ok = 0;
  #wouldDeny = 0;
  #latencyMs = 0;
  #upstreamMs = 0;
  #upstreamCalls = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #answered = 0;
  #unanswered = 0;
  readonly #outcomes = new Map<string, number>();
  readonly #buckets = new Map<number, number>();
  readonly #faults: Record<CallFault, number> = { caller: 0, denied: 0, tool: 0, upstream: 0, gateway: 0 };

  add(row: Counted): void {
    const { outcome, status, calls, latency_bucket: bucket } = row;
    this.#calls += calls;
    if (outcome === 'ok') this.#ok += calls;
    this.#wouldDeny += row.would_deny;
    this.#bytesIn += row.bytes_in;
    this.#bytesOut += row.bytes_out;
    this.#latencyMs += row.latency_ms;
    this.#upstreamMs += row.upstream_ms;
    this.#upstreamCalls += row.upstream_calls;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + calls);
    if (bucket >= 0) this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + calls);
    const fault = callFault(outcome, status);
    if (fault !== null) this.#faults[fault] += calls;
    if (fault === 'upstream' && !answered.has(outcome)) this.#unanswered += calls;
    else if (bucket >= 0 && answered.has(outcome)) this.#answered += calls;
  }

  get calls(): number {
    return this.#calls;
  }

  view(): CallSummary {
    const sent = this.#answered + this.#unanswered;
    const timed = [...this.#buckets.values()].reduce((sum, calls) => sum + calls, 0);
    const percentile = (share: number): number | null => latencyPercentile(this.#buckets, share);
    return {
      calls: this.#calls,
      ok: this.#ok,
      wouldDeny: this.#wouldDeny,
      outcomes: Object.fromEntries([...this.#outcomes].sort(([a], [b]) => (a < b ? -1 : 1))),
      faults: { ...this.#faults },
      availability: sent === 0 ? null : this.#answered / sent,
      latencyMs: {
        ...{ p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
        mean: timed === 0 ? null : this.#latencyMs / timed,
      },
      upstreamMs: this.#upstreamCalls === 0 ? null : this.#upstreamMs / this.#upstreamCalls,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    };
  }
}
