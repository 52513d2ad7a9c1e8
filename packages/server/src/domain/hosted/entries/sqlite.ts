import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const sqlite: CatalogueEntry = {
  slug: 'sqlite',
  version: 1,
  name: 'SQLite',
  description: 'An SQLite database that is kept in memory and gone with the instance. A small project of one person.',
  publisher: 'madnh',
  licence: 'MIT',
  homepage: 'https://github.com/madnh/mcp-server-sqlite',
  state: 'community',
  replacedBy: ['dbhub'],
  package: { name: 'mcp-server-sqlite', version: '0.0.2' },
  image: 'mcpnest/hosted-sqlite',
  command: ['node', '/opt/server/node_modules/mcp-server-sqlite/dist/cli.js', '--db', '/data/database.db'],
  variables: [],
  profile: 'small',
  egress: [],
  reaches: [],
  scratch: [{ path: '/data', megabytes: 64 }],
  toolClasses: classified({
    read: ['query', 'describe-table', 'list-tables'],
    write: ['create-table', 'insert-record'],
    destructive: ['execute', 'drop-table', 'update-record', 'delete-record', 'transaction'],
  }),
  sessions: 'shared',
  personal: false,
};
