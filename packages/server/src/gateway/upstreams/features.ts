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

/** Extensions of one server that are remembered. */
const maxExtensions = 64;

/** Read the `capabilities` of a server; what is out of form counts as not declared. */
export function readFeatures(capabilities: unknown): ServerFeatures {
  const declared = objectOr(capabilities);
  const [tools, prompts, resources] = [declared?.['tools'], declared?.['prompts'], declared?.['resources']].map(
    objectOr,
  );
  return {
    tools: tools !== undefined,
    prompts: prompts !== undefined,
    resources: resources !== undefined,
    completions: objectOr(declared?.['completions']) !== undefined,
    logging: objectOr(declared?.['logging']) !== undefined,
    resourceSubscribe: resources?.['subscribe'] === true,
    toolsListChanged: tools?.['listChanged'] === true,
    promptsListChanged: prompts?.['listChanged'] === true,
    resourcesListChanged: resources?.['listChanged'] === true,
    extensions: new Map(
      Object.entries(objectOr(declared?.['extensions']) ?? {})
        .slice(0, maxExtensions)
        .map(([id, settings]) => [id, JSON.stringify(settings)]),
    ),
  };
}

const objectOr = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
