import { rpcCode } from '../domain/protocol.ts';
import { clip } from '../platform/text.ts';
import { taskMethods } from './bridge/task-methods.ts';
import { perToken, takeRate } from './budget.ts';
import type { GatewayDeps } from './deps.ts';
import type { Caller } from './inbound.ts';
import { governedMethods } from './governed-methods.ts';
import type { Message } from './message.ts';
import { RpcError } from './rpc-error.ts';

/** What the row of a call says that the protocol refuses. */
const codes: Readonly<Record<number, string>> = {
  404: 'session_not_found',
  [rpcCode.headerMismatch]: 'header_mismatch',
  [rpcCode.unsupportedVersion]: 'unsupported_version',
  [rpcCode.invalidParams]: 'invalid_params',
};

/**
 * A governed request refused before anyone could say which generation it speaks has its row like every other: headers that
 * contradict a body and sessions of others are what an attempt looks like. It counts against the token's budget, too.
 * @throws AppError `rate_limited` when that is exhausted
 */
export function recordRefused(deps: GatewayDeps, caller: Caller, message: Message, error: unknown): void {
  const method = governedMethods.get(message.method) ?? taskMethods.get(message.method);
  if (message.kind !== 'request' || method === undefined || !(error instanceof RpcError)) return;
  const { sessionId, protocolVersion } = caller.inbound.head;
  const kind = sessionId === undefined ? 'modern' : 'legacy';
  const era = { kind, version: clip(protocolVersion ?? 'unknown', 32) } as const;
  const record = deps.recorder.open(
    { ...caller, era, session: undefined },
    message,
    method.method,
    method.read(message).recorded,
  );
  const { principalPerMinute } = caller.held.snapshot.settings.limits;
  takeRate(deps, record, perToken, caller.principal.tokenId, principalPerMinute);
  record.deny(error.httpStatus === 404 ? 404 : 400, codes[error.code] ?? 'invalid_request', 'protocol');
}
