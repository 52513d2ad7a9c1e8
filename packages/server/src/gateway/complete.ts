import { member, stringValue } from '../platform/json/scan.ts';
import { argsShape, declaredNames } from './args-shape.ts';
import { schemeOf } from './definitions.ts';
import type { Asked, GovernedMethod } from './governed-call.ts';
import { refuseLookAlikes } from './message.ts';
import { unknownPrompt, unknownResource } from './rpc-error.ts';

/** `completion/complete`: judged as the prompt or resource whose argument is to be completed. */
export const completionComplete: GovernedMethod = {
  method: 'completion/complete',
  mirrored: false,
  read({ bytes, params }): Asked {
    const ref = member(params, 'ref');
    const args = member(params, 'argument');
    if (ref !== undefined) refuseLookAlikes(ref, ['type', 'name', 'uri']);
    const type = stringValue(bytes, member(ref, 'type'));
    const isPrompt = type === 'ref/prompt';
    const node = member(ref, isPrompt ? 'name' : 'uri');
    const name = stringValue(bytes, node);
    const fault =
      !isPrompt && type !== 'ref/resource'
        ? '"params.ref.type" must be "ref/prompt" or "ref/resource".'
        : name === undefined
          ? `"params.ref.${isPrompt ? 'name' : 'uri'}" must be a string.`
          : args?.kind !== 'object'
            ? '"params.argument" must be an object.'
            : undefined;
    const kind = isPrompt ? 'prompt' : 'resource';
    const recorded = isPrompt ? (name ?? '') : schemeOf(name ?? '');
    return { kind, node, name: name ?? '', recorded, args, fault };
  },
  find({ catalogue }, { held, server }, { kind, name }) {
    if (kind === 'resource') return catalogue.reference(held, server, name);
    return server === undefined
      ? catalogue.resolve(held, 'prompts', name)
      : catalogue.resolveOn(held, server, 'prompts', name);
  },
  unknown: ({ catalogue }, { held, principal, era }, { kind, name }) =>
    kind === 'prompt'
      ? unknownPrompt(name, catalogue.missing(held, principal, 'prompts'))
      : unknownResource(name, era.kind === 'modern', catalogue.missing(held, principal, 'templates')),
  // What is being typed is followed key by key, so not even a digest of it is kept.
  describe: (record, _, { args }) => record.arguments(argsShape(args, declared), undefined),
  edits: () => undefined,
};

const declared = declaredNames(['name']);
