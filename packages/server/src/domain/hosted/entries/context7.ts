import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const context7: CatalogueEntry = {
  slug: 'context7',
  version: 1,
  name: 'Context7',
  description: 'Current documentation and examples of programming libraries.',
  publisher: 'Upstash',
  licence: 'MIT',
  homepage: 'https://github.com/upstash/context7',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@upstash/context7-mcp', version: '4.1.1' },
  image: 'mcpnest/hosted-context7',
  command: ['node', '/opt/server/node_modules/@upstash/context7-mcp/dist/index.js'],
  variables: [
    {
      key: 'CONTEXT7_API_KEY',
      label: 'API key',
      type: 'password',
      required: false,
      help: 'Works without one; a key from context7.com/dashboard raises the limits.',
    },
  ],
  profile: 'small',
  egress: ['context7.com'],
  reaches: [],
  scratch: [],
  toolClasses: classified({ read: ['resolve-library-id', 'query-docs'] }),
  sessions: 'shared',
  personal: false,
};
