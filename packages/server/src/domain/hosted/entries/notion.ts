import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const notion: CatalogueEntry = {
  slug: 'notion',
  version: 1,
  name: 'Notion',
  description: 'Pages, blocks, comments and databases of a Notion workspace.',
  publisher: 'Notion',
  licence: 'MIT',
  homepage: 'https://github.com/makenotion/notion-mcp-server',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@notionhq/notion-mcp-server', version: '2.5.2' },
  image: 'mcpnest/hosted-notion',
  command: ['node', '/opt/server/node_modules/@notionhq/notion-mcp-server/bin/cli.mjs'],
  variables: [
    {
      key: 'NOTION_TOKEN',
      label: 'Integration token',
      type: 'password',
      required: true,
      help: 'The secret of an internal integration, from notion.so/profile/integrations; share the pages it may see with it.',
    },
  ],
  profile: 'small',
  egress: ['api.notion.com'],
  scratch: [],
  toolClasses: classified({ read: ['API-get-user', 'API-get-users', 'API-get-self', 'API-post-search', 'API-get-block-children', 'API-retrieve-a-block', 'API-retrieve-a-page', 'API-retrieve-a-page-property', 'API-retrieve-a-comment', 'API-query-data-source', 'API-retrieve-a-data-source', 'API-list-data-source-templates', 'API-retrieve-a-database', 'API-retrieve-page-markdown'], write: ['API-patch-block-children', 'API-post-page', 'API-create-a-comment', 'API-create-a-data-source', 'API-move-page'], destructive: ['API-update-a-block', 'API-delete-a-block', 'API-patch-page', 'API-update-a-data-source', 'API-update-page-markdown'] }),
  sessions: 'shared',
  personal: false,
};
