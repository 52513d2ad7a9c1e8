import type { ServerResponse } from 'node:http';
import type { ByteString } from '../messages/byte-string.ts';
import { errorText, type RpcFault } from '../messages/protocol.ts';
import { sendJson } from './reply.ts';

/** A request that is turned away: its HTTP status and what the client is told. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly fault: RpcFault;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, fault: RpcFault, headers: Readonly<Record<string, string>> = {}) {
    super(fault.message);
    this.status = status;
    this.fault = fault;
    this.headers = headers;
  }
}

/** A refusal whose code is its HTTP status. */
export const refusal = (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal =>
  new Refusal(status, { code: status, message }, headers);

/** @param id source text of the request's id, where it is known */
export function sendRefusal(res: ServerResponse, { status, fault, headers }: Refusal, id?: ByteString): void {
  if (res.headersSent || res.destroyed) return;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  sendJson(res, status, errorText(fault, id));
}
