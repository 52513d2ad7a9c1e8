import { randomBytes } from 'node:crypto';

/**
 * A `traceparent` (W3C Trace Context) by which one call can be told from all others in three books: the caller's, the
 * upstream's, and ours. It is the one thing a caller chooses that a row keeps.
 */
export function newTrace(): { readonly id: string; readonly parent: string } {
  const id = randomBytes(16).toString('hex');
  return { id, parent: `00-${id}-${randomBytes(8).toString('hex')}-01` };
}

/** The trace id of the parameters of a request; undefined when it has none. */
export function traceOf(params: Record<string, unknown>): string | undefined {
  const { traceparent } = (params['_meta'] ?? {}) as { traceparent?: unknown };
  return typeof traceparent === 'string' ? traceparent.split('-')[1] : undefined;
}
