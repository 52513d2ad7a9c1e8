import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

/** Its package carries no licence; its README says MIT. */
export const memory: CatalogueEntry = {
  slug: 'memory',
  version: 1,
  name: 'Memory',
  description: 'A graph of facts that is kept in memory and gone with the instance.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers/tree/main/src/memory',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@modelcontextprotocol/server-memory', version: '2026.8.31' },
  image: 'mcpnest/hosted-memory',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-memory/dist/index.js'],
  variables: [],
  profile: 'small',
  egress: [],
  reaches: [],
  scratch: [{ path: '/data', megabytes: 64 }],
  toolClasses: classified({
    read: ['read_graph', 'search_nodes', 'open_nodes'],
    write: ['create_entities', 'create_relations', 'add_observations'],
    destructive: ['delete_entities', 'delete_observations', 'delete_relations'],
  }),
  sessions: 'shared',
  personal: false,
};
