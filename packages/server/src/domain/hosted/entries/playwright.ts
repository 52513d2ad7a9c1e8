import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const playwright: CatalogueEntry = {
  slug: 'playwright',
  version: 1,
  name: 'Playwright',
  description: 'Drives a browser. The browser has no way out of its container: it shows what it is given.',
  publisher: 'Microsoft',
  licence: 'Apache-2.0',
  homepage: 'https://github.com/microsoft/playwright-mcp',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@playwright/mcp', version: '0.0.83' },
  image: 'mcpnest/hosted-playwright',
  command: ['node', '/opt/server/node_modules/@playwright/mcp/cli.js', '--headless', '--no-sandbox', '--isolated', '--executable-path', '/usr/lib/chromium/chromium-headless-shell', '--output-dir', '/tmp/playwright'],
  variables: [],
  profile: 'large',
  egress: [],
  scratch: [],
  toolClasses: classified({ read: ['browser_console_messages', 'browser_find', 'browser_network_requests', 'browser_network_request', 'browser_take_screenshot', 'browser_snapshot', 'browser_wait_for'], write: ['browser_close', 'browser_resize', 'browser_handle_dialog', 'browser_emulate_media', 'browser_evaluate', 'browser_file_upload', 'browser_drop', 'browser_fill_form', 'browser_press_key', 'browser_type', 'browser_navigate', 'browser_navigate_back', 'browser_run_code_unsafe', 'browser_click', 'browser_drag', 'browser_hover', 'browser_select_option', 'browser_tabs'] }),
  sessions: 'per-session',
  personal: false,
};
