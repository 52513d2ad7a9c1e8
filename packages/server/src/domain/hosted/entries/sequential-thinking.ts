import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

/** Its package carries no licence; its README says MIT. */
export const sequentialThinking: CatalogueEntry = {
  slug: 'sequential-thinking',
  version: 1,
  name: 'Sequential Thinking',
  description: 'A notepad for reasoning in steps.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers/tree/main/src/sequentialthinking',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@modelcontextprotocol/server-sequential-thinking', version: '2026.8.31' },
  image: 'mcpnest/hosted-sequential-thinking',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-sequential-thinking/dist/index.js'],
  variables: [],
  profile: 'medium',
  egress: [],
  reaches: [],
  scratch: [],
  toolClasses: classified({ read: ['sequentialthinking'] }),
  sessions: 'per-session',
  personal: false,
};
