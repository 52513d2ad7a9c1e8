import { member, stringValue } from '../../platform/json/scan.ts';
import { perToken, takeRate } from '../budget.ts';
import type { GatewayDeps } from '../deps.ts';
import { governedCall, type GovernedMethod } from '../governed-call.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import { invalidParams } from '../rpc-error.ts';
import { missingCapability } from './capabilities.ts';
import { capabilitiesOf } from './conversations.ts';
import { taskEdits, tasksExtension } from './task-names.ts';

/**
 * Following a task (SEP-2663): judged as the tool that began it, sent to the server that runs it, under its own id
 * there. A task that belongs to somebody else is as unknown as one that never was.
 */
const taskMethod = (method: string): GovernedMethod => ({
  method,
  follows: true,
  mirrored: true,
  read({ bytes, params }) {
    const node = member(params, 'taskId');
    const taskId = stringValue(bytes, node);
    const fault = taskId === undefined ? '"params.taskId" must be a string.' : undefined;
    return { kind: 'tool', node, name: taskId ?? '', recorded: '', args: undefined, fault };
  },
  find(deps, { held, principal, server }, { name }) {
    const task = deps.tasks.target(principal, name);
    const owner = task === undefined ? undefined : held.serversById.get(task.serverId);
    if (task === undefined || owner === undefined || (server !== undefined && server.id !== owner.id)) return undefined;
    return deps.catalogue
      .resolveOn(held, owner, 'tools', task.tool)
      .then((tool) => (tool === undefined ? undefined : { ...tool, name: task.taskId }));
  },
  unknown: () => invalidParams('Unknown task.'),
  describe: (record) => record.arguments('{}', undefined),
  edits: taskEdits,
});

export const taskMethods: ReadonlyMap<string, GovernedMethod> = new Map(
  ['tasks/get', 'tasks/update', 'tasks/cancel'].map((method) => [method, taskMethod(method)]),
);

/** @throws RpcError -32021 to a client that did not declare tasks, with the row written; AppError `rate_limited` */
export function taskCall(deps: GatewayDeps, call: Exchanged, message: Message, method: GovernedMethod): Promise<void> {
  if (!capabilitiesOf(call, message).extensions.has(tasksExtension)) {
    const record = deps.recorder.open(call, message, method.method, method.read(message).recorded);
    const { principal, held } = call;
    const { principalPerMinute } = held.snapshot.settings.limits;
    takeRate(deps, record, perToken, principal.tokenId, principalPerMinute);
    record.deny(400, 'missing_capability', 'protocol');
    throw missingCapability({ extensions: { [tasksExtension]: {} } });
  }
  return governedCall(deps, call, message, method);
}
