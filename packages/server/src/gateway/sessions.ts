import { randomBytes } from 'node:crypto';
import type { Principal } from '../domain/policy.ts';
import type { Clock } from '../platform/clock.ts';
import type { TargetNames } from './call-target.ts';
import { ClientSession, type Opened } from './client-session.ts';
import type { Replies } from './reply.ts';
import { rpcStatus } from './rpc-error.ts';
import type { StreamKeeper } from './streams/stream-keeper.ts';

const idleMs = 24 * 60 * 60_000;
const maxSessions = 20_000;
const maxPerToken = 1_000;
/** Characters of declared capabilities, of all sessions together. */
const maxDeclared = 16 * 1024 * 1024;

/**
 * Sessions of legacy clients, in memory. A session id is an address, not a credential: it works only for the token
 * that opened it and at the URL it was opened at; for anyone else it does not exist.
 */
export class ClientSessions {
  readonly #deps: { clock: Clock; keeper: StreamKeeper; replies: Replies };
  readonly #clock: Clock;
  /** In order of last use, so that the idlest go first. */
  readonly #sessions = new Map<string, ClientSession>();
  readonly #perToken = new Map<string, number>();
  #declared = 0;

  constructor(deps: { clock: Clock; keeper: StreamKeeper; replies: Replies }) {
    this.#deps = deps;
    this.#clock = deps.clock;
  }

  open(principal: Principal, agreed: Omit<Opened, 'id' | 'tokenId'>): ClientSession {
    this.#sweep(agreed.capabilities.text.length);
    const { tokenId } = principal;
    if ((this.#perToken.get(tokenId) ?? 0) >= maxPerToken) this.#dropIdlest(tokenId);
    const id = randomBytes(24).toString('base64url');
    const session = new ClientSession({ ...agreed, id, tokenId }, this.#clock.monotonic(), this.#deps);
    this.#sessions.set(session.id, session);
    this.#declared += session.capabilities.text.length;
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

  end(session: ClientSession): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#declared -= session.capabilities.text.length;
    session.end();
    const left = (this.#perToken.get(session.tokenId) ?? 1) - 1;
    if (left === 0) this.#perToken.delete(session.tokenId);
    else this.#perToken.set(session.tokenId, left);
  }

  /**
   * End the sessions of a workspace whose tokens are gone or stopped, and the calls under way in them; of the others
   * those calls that may not go on.
   */
  keepOnly(workspaceId: string, tokenIds: ReadonlySet<string>, may: (target: TargetNames) => boolean): void {
    for (const session of this.#sessions.values()) {
      if (!session.path.startsWith(`${workspaceId}/`)) continue;
      if (!tokenIds.has(session.tokenId)) this.end(session);
      else for (const call of session.running.values()) if (!may(call.target)) call.cancel();
    }
  }

  /** End what is idle, and the idlest where there is no room for one more that declares so much. */
  #sweep(declared: number): void {
    const now = this.#clock.monotonic();
    for (const session of this.#sessions.values()) {
      const room = this.#sessions.size < maxSessions && this.#declared + declared <= maxDeclared;
      if (room && now - session.usedAt <= idleMs) break;
      this.end(session);
    }
  }

  #dropIdlest(tokenId: string): void {
    for (const session of this.#sessions.values()) {
      if (session.tokenId === tokenId) return this.end(session);
    }
  }
}
