import { z } from 'zod';

/** What a server declared it can do, at discovery or `initialize`. */
export interface ServerFeatures {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly completions: boolean;
  readonly logging: boolean;
  /** Tells of updates of single resources. */
  readonly resourceSubscribe: boolean;
  readonly toolsListChanged: boolean;
  readonly promptsListChanged: boolean;
  readonly resourcesListChanged: boolean;
  /** Extension ids and their settings as JSON text. */
  readonly extensions: ReadonlyMap<string, string>;
}

const list = z.looseObject({ listChanged: z.unknown(), subscribe: z.unknown() }).optional().catch({
  listChanged: false,
  subscribe: false,
});
const declared = z
  .looseObject({
    tools: list,
    prompts: list,
    resources: list,
    completions: z.unknown(),
    logging: z.unknown(),
    extensions: z.record(z.string(), z.unknown()).optional().catch({}),
  })
  .catch({ completions: undefined, logging: undefined });

/** Extensions of one server that are remembered. */
const maxExtensions = 64;

/** Read the `capabilities` of a server; what is out of form counts as not declared. */
export function readFeatures(capabilities: unknown): ServerFeatures {
  const { tools, prompts, resources, completions, logging, extensions } = declared.parse(capabilities);
  return {
    tools: tools !== undefined,
    prompts: prompts !== undefined,
    resources: resources !== undefined,
    completions: completions !== undefined,
    logging: logging !== undefined,
    resourceSubscribe: resources?.subscribe === true,
    toolsListChanged: tools?.listChanged === true,
    promptsListChanged: prompts?.listChanged === true,
    resourcesListChanged: resources?.listChanged === true,
    extensions: new Map(
      Object.entries(extensions ?? {})
        .slice(0, maxExtensions)
        .map(([id, settings]) => [id, JSON.stringify(settings) ?? '{}']),
    ),
  };
}
