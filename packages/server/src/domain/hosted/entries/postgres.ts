import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

/** It rolls each query back, which a role that may write can get around: `query` is no reading tool. */
export const postgres: CatalogueEntry = {
  slug: 'postgres',
  version: 2,
  name: 'PostgreSQL',
  description: 'Read-only queries to a PostgreSQL database. Archived in May 2025, without fixes since: use DBHub.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers-archived/tree/main/src/postgres',
  state: 'archived',
  replacedBy: ['dbhub'],
  package: { name: '@modelcontextprotocol/server-postgres', version: '0.6.2' },
  image: 'mcpnest/hosted-postgres',
  command: [
    'node',
    '/opt/server/node_modules/@modelcontextprotocol/server-postgres/dist/index.js',
    { variable: 'DATABASE_URL' },
  ],
  variables: [
    {
      key: 'DATABASE_URL',
      label: 'Database URL',
      type: 'password',
      required: true,
      help: 'postgresql://user:password@host:5432/database, of a role that may only read. A private host must be open: mcpnest network allow host:5432.',
    },
  ],
  profile: 'small',
  egress: [],
  reaches: [{ variable: 'DATABASE_URL', protocol: 'postgres', local: [] }],
  scratch: [],
  toolClasses: classified({ write: ['query'] }),
  sessions: 'shared',
  personal: false,
};
