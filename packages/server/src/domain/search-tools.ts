/** Tools of the gateway itself, which stand for a list that would be too long. */
export const searchToolNames = ['find_tools', 'describe_tools', 'call_tool'] as const;
export type SearchToolName = (typeof searchToolNames)[number];

/** Names that no server's tool is exposed under, whether they are listed or not: clients learn them once and for all. */
export const reservedToolNames: ReadonlySet<string> = new Set(searchToolNames);

/** Compared one by one: every call passes here, and names of other lengths cost nothing. */
export const isSearchTool = (name: string): name is SearchToolName =>
  name === 'call_tool' || name === 'find_tools' || name === 'describe_tools';

/** Bounds of what one call of a search tool may ask for. */
export const searchLimits = {
  /** Characters of a query. */
  query: 500,
  /** Tools found. */
  found: 50,
  foundByDefault: 10,
  /** Tools described. */
  described: 20,
} as const;

const definitions: Readonly<Record<SearchToolName, object>> = {
  find_tools: {
    title: 'Find tools',
    description:
      'Finds tools by what they do. There are many tools here and only these three are listed: find the others with find_tools, read their parameters with describe_tools, and call them with call_tool.',
    inputSchema: {
      type: 'object',
      properties: {
        query: {
          type: 'string',
          maxLength: searchLimits.query,
          description: 'Words for what is to be done, in the language of the tools, like "create issue". Empty: all.',
        },
        server: { type: 'string', description: 'Only tools of this server, named as in the results.' },
        limit: { type: 'integer', minimum: 1, maximum: searchLimits.found, default: searchLimits.foundByDefault },
      },
      required: ['query'],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  describe_tools: {
    title: 'Describe tools',
    description: 'Gives the full definitions of tools that find_tools has named, with the parameters they take.',
    inputSchema: {
      type: 'object',
      properties: {
        names: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: searchLimits.described },
      },
      required: ['names'],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  call_tool: {
    title: 'Call a tool',
    description: 'Calls a tool that find_tools has named, with the arguments that its definition asks for.',
    inputSchema: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        arguments: { type: 'object', description: 'What the called tool itself takes.' },
      },
      required: ['name'],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
  },
};

/** The definitions in list order, as JSON texts. */
export const searchToolTexts: readonly string[] = searchToolNames.map((name) =>
  JSON.stringify({ name, ...definitions[name] }),
);
