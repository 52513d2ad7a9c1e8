import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const puppeteer: CatalogueEntry = {
  slug: 'puppeteer',
  version: 1,
  name: 'Puppeteer',
  description:
    'Drives a browser. Archived in May 2025, without fixes since: use Playwright. The browser has no way out of its container: it shows what it is given.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers-archived/tree/main/src/puppeteer',
  state: 'archived',
  replacedBy: ['playwright'],
  package: { name: '@modelcontextprotocol/server-puppeteer', version: '2025.5.12' },
  image: 'mcpnest/hosted-puppeteer',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-puppeteer/dist/index.js'],
  variables: [],
  profile: 'large',
  egress: [],
  reaches: [],
  scratch: [],
  toolClasses: classified({
    read: ['puppeteer_screenshot'],
    write: [
      'puppeteer_navigate',
      'puppeteer_click',
      'puppeteer_fill',
      'puppeteer_select',
      'puppeteer_hover',
      'puppeteer_evaluate',
    ],
  }),
  sessions: 'per-session',
  personal: false,
};
