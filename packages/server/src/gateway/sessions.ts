import { randomBytes } from 'node:crypto';
import type { Principal } from '../domain/policy.ts';
import type { LogLevel } from '../domain/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import { Registry } from './registry.ts';
import { rpcStatus } from './rpc-error.ts';

/** A legacy client's session: nothing but the fact that this principal opened it and the revision agreed on. */
export interface ClientSession {
  readonly id: string;
  readonly tokenId: string;
  /** Workspace, or workspace and server, as in the URL it was opened at. */
  readonly path: string;
  readonly version: string;
  readonly clientName: string | null;
  /** Least severe log message it wants; everything until it says. */
  logLevel: LogLevel;
  /** Calls under way, by the text of their id. */
  readonly running: Registry<{ readonly idText: string; readonly cancel: () => void }>;
  usedAt: number;
}

const idleMs = 24 * 60 * 60_000;
const maxSessions = 20_000;
const maxPerToken = 1_000;

/**
 * Sessions of legacy clients, in memory. A session id is an address, not a credential: it works only for the token
 * that opened it and at the URL it was opened at; for anyone else it does not exist.
 */
export class ClientSessions {
  readonly #clock: Clock;
  /** In order of last use, so that the idlest go first. */
  readonly #sessions = new Map<string, ClientSession>();
  readonly #perToken = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(principal: Principal, path: string, version: string, clientName: string | null): ClientSession {
    this.#sweep();
    if ((this.#perToken.get(principal.tokenId) ?? 0) >= maxPerToken) this.#dropIdlest(principal.tokenId);
    const session: ClientSession = {
      id: randomBytes(24).toString('base64url'),
      tokenId: principal.tokenId,
      path,
      version,
      clientName,
      logLevel: 'debug',
      running: new Registry(),
      usedAt: this.#clock.monotonic(),
    };
    this.#sessions.set(session.id, session);
    this.#perToken.set(session.tokenId, (this.#perToken.get(session.tokenId) ?? 0) + 1);
    return session;
  }

  /**
   * @throws RpcError with HTTP 404, the same for an unknown, an ended and someone else's session
   */
  find(id: string, principal: Principal, path: string): ClientSession {
    const session = this.#sessions.get(id);
    const now = this.#clock.monotonic();
    const mine = session?.tokenId === principal.tokenId && session.path === path;
    if (session === undefined || !mine || now - session.usedAt > idleMs) {
      throw rpcStatus(404, 'Session not found; open a new one with initialize.');
    }
    session.usedAt = now;
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The session's calls under way are called off with it. */
  end(session: ClientSession): void {
    if (!this.#sessions.delete(session.id)) return;
    for (const call of session.running.values()) call.cancel();
    const left = (this.#perToken.get(session.tokenId) ?? 1) - 1;
    if (left === 0) this.#perToken.delete(session.tokenId);
    else this.#perToken.set(session.tokenId, left);
  }

  /** End the sessions of a workspace whose tokens are gone, and the calls under way in them. */
  keepOnly(workspaceId: string, tokenIds: ReadonlySet<string>): void {
    for (const session of this.#sessions.values()) {
      if (session.path.startsWith(`${workspaceId}/`) && !tokenIds.has(session.tokenId)) this.end(session);
    }
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const session of this.#sessions.values()) {
      if (now - session.usedAt <= idleMs && this.#sessions.size < maxSessions) break;
      this.end(session);
    }
  }

  #dropIdlest(tokenId: string): void {
    for (const session of this.#sessions.values()) {
      if (session.tokenId === tokenId) return this.end(session);
    }
  }
}
