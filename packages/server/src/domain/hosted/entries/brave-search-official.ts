import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const braveSearchOfficial: CatalogueEntry = {
  slug: 'brave-search-official',
  version: 1,
  name: 'Brave Search',
  description: 'Searches the web, news, images, videos and places with Brave.',
  publisher: 'Brave',
  licence: 'MIT',
  homepage: 'https://github.com/brave/brave-search-mcp-server',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@brave/brave-search-mcp-server', version: '2.1.4' },
  image: 'mcpnest/hosted-brave-search-official',
  command: ['node', '/opt/server/node_modules/@brave/brave-search-mcp-server/dist/index.js', '--transport', 'stdio'],
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
  toolClasses: classified({
    read: [
      'brave_web_search',
      'brave_local_search',
      'brave_video_search',
      'brave_image_search',
      'brave_news_search',
      'brave_summarizer',
      'brave_llm_context',
      'brave_place_search',
    ],
  }),
  sessions: 'shared',
  personal: false,
};
