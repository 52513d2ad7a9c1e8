import { toolsCall } from './call-tool.ts';
import { completionComplete } from './complete.ts';
import { promptsGet } from './get-prompt.ts';
import type { GovernedMethod } from './governed-call.ts';
import { resourcesRead } from './read-resource.ts';
import { ownTool } from './search/own-tools.ts';

/** Every method whose requests reach an upstream, are judged and have a row each. */
export const governedMethods: ReadonlyMap<string, GovernedMethod> = new Map(
  [{ ...toolsCall, own: ownTool }, promptsGet, resourcesRead, completionComplete].map((method) => [
    method.method,
    method,
  ]),
);
