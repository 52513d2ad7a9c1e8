import type { CatalogueEntry } from './entry.ts';

/** An entry that asks for a secret, takes a value in its command, and says what its tools do. */
export const testEntry: CatalogueEntry = {
  slug: 'files',
  version: 3,
  name: 'Files',
  description: 'Reads and writes files.',
  publisher: 'MCPNest',
  licence: 'MIT',
  homepage: 'https://example.com/files',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@example/files', version: '1.2.3' },
  image: 'mcpnest/files',
  command: ['node', '/srv/files/index.js', { variable: 'FILES_ROOT' }],
  variables: [
    { key: 'FILES_ROOT', label: 'Folder', type: 'text', required: true, help: 'Below /data.' },
    { key: 'FILES_KEY', label: 'Key', type: 'password', required: true, help: 'From the account page.' },
    { key: 'FILES_REGION', label: 'Region', type: 'text', required: false, help: 'eu or us.' },
  ],
  profile: 'small',
  egress: [],
  reaches: [],
  scratch: [{ path: '/data', megabytes: 16 }],
  toolClasses: [
    ['read_file', 'read'],
    ['delete_file', 'destructive'],
  ],
  sessions: 'shared',
  personal: false,
};

/** One that each member deploys for themselves. */
export const ownEntry: CatalogueEntry = {
  ...testEntry,
  slug: 'mail',
  version: 1,
  name: 'Mail',
  image: 'mcpnest/mail',
  command: ['node', '/srv/mail/index.js'],
  variables: [{ key: 'MAIL_TOKEN', label: 'Token', type: 'password', required: true, help: '' }],
  toolClasses: [],
  personal: true,
};

export const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
