import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const dbhub: CatalogueEntry = {
  slug: 'dbhub',
  version: 2,
  name: 'DBHub',
  description: 'Queries and schemas of a PostgreSQL or SQLite database.',
  publisher: 'Bytebase',
  licence: 'MIT',
  homepage: 'https://github.com/bytebase/dbhub',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@bytebase/dbhub', version: '1.4.0' },
  image: 'mcpnest/hosted-dbhub',
  command: ['node', '/opt/server/node_modules/@bytebase/dbhub/dist/index.js', '--transport', 'stdio'],
  variables: [
    {
      key: 'DSN',
      label: 'Database URL',
      type: 'password',
      required: true,
      help: 'postgres://user:password@host:5432/database?sslmode=require. The role decides what can be done: give it the least. A private host must be open: mcpnest network allow host:5432.',
    },
  ],
  profile: 'medium',
  egress: [],
  reaches: [{ variable: 'DSN', protocol: 'postgres', local: ['sqlite'] }],
  scratch: [],
  toolClasses: classified({ read: ['search_objects'], destructive: ['execute_sql'] }),
  sessions: 'shared',
  personal: false,
};
