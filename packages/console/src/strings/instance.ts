import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Instance',
  about: 'Everything that runs here, across all workspaces.',
  facts: 'This instance',
  version: 'Version',
  database: 'Database',
  servers: 'Servers',
  members: 'Members',
  tokens: 'Living tokens',
  workspaces: 'Workspaces',
  name: 'Workspace',
  url: 'Gateway URL',
  created: 'Created',
});
