import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const braveSearch: CatalogueEntry = {
  slug: 'brave-search',
  version: 1,
  name: 'Brave Search (archived)',
  description:
    'Searches the web and places with Brave. Archived in May 2025, without fixes since: use the server Brave maintains.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers-archived/tree/main/src/brave-search',
  state: 'archived',
  replacedBy: ['brave-search-official'],
  package: { name: '@modelcontextprotocol/server-brave-search', version: '0.6.2' },
  image: 'mcpnest/hosted-brave-search',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-brave-search/dist/index.js'],
  variables: [
    {
      key: 'BRAVE_API_KEY',
      label: 'API key',
      type: 'password',
      required: true,
      help: 'From api-dashboard.search.brave.com.',
    },
  ],
  profile: 'small',
  egress: ['api.search.brave.com'],
  reaches: [],
  scratch: [],
  toolClasses: classified({ read: ['brave_web_search', 'brave_local_search'] }),
  sessions: 'shared',
  personal: false,
};
