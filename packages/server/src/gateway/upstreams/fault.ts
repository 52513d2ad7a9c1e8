import { AppError } from '../../domain/errors.ts';

/**
 * Why an exchange with an upstream failed. The class goes into the row, health and the caller's message; what the
 * upstream said never does.
 */
export type FaultClass =
  | 'address_refused'
  | 'connect'
  | 'tls'
  | 'reset'
  | 'timeout'
  | 'cancelled'
  | 'too_large'
  | 'encoding'
  | 'redirect'
  | 'unauthorized'
  | 'throttled'
  | 'http_status'
  | 'protocol'
  | 'truncated'
  | 'session'
  | 'breaker_open'
  | 'busy'
  | 'closed';

/** Where a stream of events broke off, so that it can be taken up again. */
export interface StreamPosition {
  readonly eventId: string;
  /** Milliseconds the server asks to wait; undefined: it did not say. */
  readonly retryMs: number | undefined;
}

export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  readonly fault: FaultClass;
  /** Whether a byte of the request may have reached the upstream. */
  dispatched: boolean;
  readonly retryAfterMs: number | undefined;
  readonly resumeAt: StreamPosition | undefined;

  constructor(
    fault: FaultClass,
    detail: string,
    more: {
      dispatched?: boolean;
      retryAfterMs?: number | undefined;
      cause?: unknown;
      resumeAt?: StreamPosition | undefined;
    } = {},
  ) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.fault = fault;
    this.dispatched = more.dispatched ?? false;
    this.retryAfterMs = more.retryAfterMs;
    this.resumeAt = more.resumeAt;
  }
}

interface FaultView {
  /** HTTP-style status of the row. */
  readonly status: number;
  readonly outcome: 'transport' | 'timeout' | 'cancelled' | 'upstream_protocol_error' | 'throttled';
  /** Counts against the upstream in the circuit breaker. */
  readonly blames: boolean;
  readonly says: string;
}

const protocolError = (says: string): FaultView => ({
  status: 502,
  outcome: 'upstream_protocol_error',
  blames: true,
  says,
});
const transportError = (says: string): FaultView => ({ status: 502, outcome: 'transport', blames: true, says });

/** One line for each fault: how it is recorded and what the caller reads after the server's name. */
export const faultViews: Record<FaultClass, FaultView> = {
  address_refused: {
    status: 502,
    outcome: 'transport',
    blames: false,
    says: 'has an address that is not open to this gateway',
  },
  connect: transportError('cannot be reached'),
  tls: transportError('has no certificate this gateway trusts'),
  reset: transportError('closed the connection; whether the call took effect is unknown'),
  timeout: {
    status: 504,
    outcome: 'timeout',
    blames: true,
    says: 'did not answer in time; whether the call took effect is unknown',
  },
  cancelled: { status: 499, outcome: 'cancelled', blames: false, says: 'was not waited for' },
  too_large: protocolError('answered with more than the limit allows'),
  encoding: protocolError('answered in a content encoding that was not asked for'),
  redirect: protocolError('answered with a redirect, which is refused'),
  unauthorized: {
    status: 502,
    outcome: 'transport',
    blames: false,
    says: 'asks for another credential than it was sent; an admin must set or renew it',
  },
  throttled: { status: 503, outcome: 'transport', blames: false, says: 'asks to be called less often' },
  http_status: transportError('answered with an HTTP error'),
  protocol: protocolError('gave an answer that is not valid MCP'),
  truncated: protocolError('ended its answer early; whether the call took effect is unknown'),
  session: transportError('does not keep its session'),
  breaker_open: {
    status: 503,
    outcome: 'transport',
    blames: false,
    says: 'failed repeatedly and is being left alone for a moment',
  },
  busy: { status: 503, outcome: 'throttled', blames: false, says: 'has too many calls in flight' },
  closed: {
    status: 503,
    outcome: 'transport',
    blames: false,
    says: 'was reconfigured or removed during the call; whether the call took effect is unknown',
  },
};

/** The error a caller sees for a fault of the server with this slug. */
export function faultError(fault: UpstreamFault, slug: string): AppError {
  const view = faultViews[fault.fault];
  const code = view.status === 504 ? 'upstream_timeout' : view.status === 503 ? 'upstream_busy' : 'upstream_failed';
  const message = `The server '${slug}' ${view.says}.`;
  return new AppError(code, message, { detail: fault.message, cause: fault, retryAfterMs: fault.retryAfterMs });
}
