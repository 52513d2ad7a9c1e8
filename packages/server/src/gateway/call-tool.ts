import { canonicalJson } from '../platform/json/canonical.ts';
import { member, stringValue } from '../platform/json/scan.ts';
import { uriEdits } from './answer-uris.ts';
import { argsShape } from './args-shape.ts';
import type { Asked, GovernedMethod } from './governed-call.ts';
import type { CallKind } from '../domain/policy.ts';
import type { Message } from './message.ts';
import { unknownTool } from './rpc-error.ts';

/** `tools/call`. */
export const toolsCall: GovernedMethod = {
  method: 'tools/call',
  mirrored: true,
  read: (message) => readNamed(message, 'tool'),
  find: ({ catalogue }, { held, server }, { name }) =>
    server === undefined ? catalogue.resolve(held, 'tools', name) : catalogue.resolveOn(held, server, 'tools', name),
  unknown: ({ catalogue }, { held, principal }, { name }) =>
    unknownTool(name, catalogue.missing(held, principal, 'tools')),
  describe: describeArguments,
  edits: uriEdits,
};

/** A name and an object of arguments. */
export function readNamed({ bytes, params }: Message, kind: CallKind): Asked {
  const node = member(params, 'name');
  const name = stringValue(bytes, node);
  const args = member(params, 'arguments');
  const fault =
    name === undefined
      ? '"params.name" must be a string.'
      : args !== undefined && args.kind !== 'object'
        ? '"params.arguments" must be an object.'
        : undefined;
  return { kind, node, name: name ?? '', recorded: name ?? '', args, fault };
}

/** The shape of the arguments, and a keyed digest of all of them. */
export function describeArguments(
  ...[record, message, { args }, { definition }]: Parameters<GovernedMethod['describe']>
): void {
  const canonical = args === undefined ? '' : canonicalJson(message.bytes, args);
  record.arguments(argsShape(args, definition.declared), canonical);
}
