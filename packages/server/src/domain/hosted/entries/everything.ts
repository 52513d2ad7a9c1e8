import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

/** Its package carries no licence; its README says MIT. */
export const everything: CatalogueEntry = {
  slug: 'everything',
  version: 1,
  name: 'Everything',
  description: 'Shows every feature of the protocol; for trying out clients.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers/tree/main/src/everything',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@modelcontextprotocol/server-everything', version: '2026.8.31' },
  image: 'mcpnest/hosted-everything',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'stdio'],
  variables: [],
  profile: 'medium',
  egress: [],
  reaches: [],
  scratch: [],
  toolClasses: classified({
    read: [
      'echo',
      'get-annotated-message',
      'get-env',
      'get-resource-links',
      'get-resource-reference',
      'get-structured-content',
      'get-sum',
      'get-tiny-image',
      'trigger-long-running-operation',
    ],
    write: [
      'gzip-file-as-resource',
      'toggle-simulated-logging',
      'toggle-subscriber-updates',
      'simulate-research-query',
    ],
  }),
  sessions: 'per-session',
  personal: false,
};
