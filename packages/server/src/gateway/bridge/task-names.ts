import type { Principal } from '../../domain/policy.ts';
import { createSealedText, type SealedText } from '../../platform/sealed-text.ts';
import { byteString } from '../../platform/byte-string.ts';
import { member, stringValue } from '../../platform/json/scan.ts';
import type { Edit } from '../../platform/json/splice.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import type { CallTarget } from '../call-target.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';

/** The task extension, in `capabilities.extensions` (SEP-2663). */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

/** A task as its server knows it, and the tool whose call it is: who may not call the tool may not ask after it. */
export interface TaskTarget {
  readonly serverId: string;
  readonly tool: string;
  /** The upstream's own id. */
  readonly taskId: string;
}

/**
 * Ids of tasks as clients of this gateway see them: the upstream's own, sealed together with where it belongs. Nothing
 * need be remembered, and an id is worth nothing in anybody else's hands.
 */
export class TaskNames {
  readonly #sealed: SealedText;

  constructor(deps: { vault: Vault }) {
    this.#sealed = createSealedText(deps.vault.deriveKey('gateway/task-names'));
  }

  /** The same task has the same name every time. */
  name(principal: Principal, target: TaskTarget): string {
    return this.#sealed.seal(JSON.stringify([target.serverId, target.tool, target.taskId]), contextOf(principal));
  }

  /** @returns undefined for what was not handed to this principal */
  target(principal: Principal, name: string): TaskTarget | undefined {
    const text = name.length > longest ? undefined : this.#sealed.open(name, contextOf(principal));
    if (text === undefined) return undefined;
    const [serverId, tool, taskId] = JSON.parse(text) as [string, string, string];
    return { serverId, tool, taskId };
  }
}

const longest = 4 * 1024;

/** A member or machine keeps its tasks when it changes tokens; a workspace token is all there is of its holder. */
const contextOf = ({ workspaceId, memberId, machineId, tokenId }: Principal): string =>
  JSON.stringify([workspaceId, memberId, machineId, memberId === null && machineId === null ? tokenId : null]);

/**
 * An answer that speaks of a task, with the id its client knows it by.
 * @returns the edit; none where the answer names no task
 */
export function taskEdits(deps: GatewayDeps, call: Exchanged, target: CallTarget, answer: UpstreamAnswer): Edit[] {
  const node = member(answer.result, 'taskId');
  const taskId = stringValue(answer.bytes, node);
  if (node === undefined || taskId === undefined) return [];
  const name = deps.tasks.name(call.principal, {
    serverId: target.server.id,
    tool: target.definition.name,
    taskId,
  });
  return [{ start: node.start, end: node.end, text: byteString(JSON.stringify(name)) }];
}
