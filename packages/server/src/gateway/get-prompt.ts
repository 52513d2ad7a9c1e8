import { uriEdits } from './answer-uris.ts';
import { describeArguments, readNamed } from './call-tool.ts';
import type { GovernedMethod } from './governed-call.ts';
import { unknownPrompt } from './rpc-error.ts';

/** `prompts/get`. */
export const promptsGet: GovernedMethod = {
  method: 'prompts/get',
  mirrored: true,
  read: (message) => readNamed(message, 'prompt'),
  find: ({ catalogue }, { held, server }, { name }) =>
    server === undefined
      ? catalogue.resolve(held, 'prompts', name)
      : catalogue.resolveOn(held, server, 'prompts', name),
  unknown: ({ catalogue }, { held, principal }, { name }) =>
    unknownPrompt(name, catalogue.missing(held, principal, 'prompts')),
  describe: describeArguments,
  edits: uriEdits,
};
