import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';

/** All that an orchestrator in a process of its own can be asked, by path. Each takes `logsRequest` by POST. */
export const orchestratorVerbs = ['/logs', '/follow'] as const;
export type OrchestratorVerb = (typeof orchestratorVerbs)[number];

/** An instance by its id, and how many of its last lines; nothing else can be said. */
export const logsRequest = z.strictObject({
  instance: z.string().regex(/^[0-9A-Za-z-]{1,64}$/),
  lines: z.number().int().min(1).max(50),
});
export type LogsRequest = z.output<typeof logsRequest>;
export const maxRequestBytes = 1_024;

/** One `HostedLine`; bounds are those of what is shown, with room for its escapes. */
export const hostedLine = z.strictObject({
  at: z.string().max(64),
  stream: z.enum(['stdout', 'stderr']),
  text: z.string().max(4_096),
});
export const logsAnswer = z.strictObject({ lines: z.array(hostedLine).max(50) });
export const refusalAnswer = z.strictObject({ message: z.string().max(500) });

/** A follower that is told nothing is sent an empty line this often. */
export const stillHereMs = 15_000;

/** Of the vault, for `deriveKey`: caller and orchestrator know each other by the master key they share. */
export const callKeyPurpose = 'orchestrator/call';

/** A call that took longer on its way, or comes from a clock that is further off, is refused. */
const toleranceMs = 60_000;
const scheme = 'MCPNest-HMAC-SHA256';

/** @returns the `authorization` of a call: its time and its HMAC-SHA-256 (RFC 2104). The key itself is never sent. */
export function signCall(key: Buffer, clock: Clock, verb: OrchestratorVerb, body: string): string {
  const at = String(clock.now());
  return `${scheme} ${at}.${macOf(key, at, verb, body).toString('hex')}`;
}

/** Whether a call was signed with the key, for this verb and this body, within the last minute. */
export function isSigned(
  key: Buffer,
  clock: Clock,
  authorization: string | undefined,
  verb: string,
  body: string,
): boolean {
  const found = /^MCPNest-HMAC-SHA256 (\d{1,15})\.([0-9a-f]{64})$/.exec(authorization ?? '');
  if (found === null) return false;
  const [, at, mac] = found;
  const genuine = timingSafeEqual(Buffer.from(mac!, 'hex'), macOf(key, at!, verb, body));
  return genuine && Math.abs(clock.now() - Number(at)) <= toleranceMs;
}

const macOf = (key: Buffer, at: string, verb: string, body: string): Buffer =>
  createHmac('sha256', key).update(`${at}\n${verb}\n${body}`).digest();
