import type { ClientAdapter } from './adapter.ts';
import { authorization, dollarBraces, everywhere, inAppFolder, programEntry, shellWord } from './parts.ts';

export const claudeCode: ClientAdapter = {
  id: 'claude-code',
  name: 'Claude Code',
  documentation: 'https://code.claude.com/docs/en/mcp',
  verified: true,
  seen: 'Files, keys, command and the variables of .mcp.json are documented. That variables are filled in at user scope too is not.',
  files: [everywhere('user', '~/.claude.json'), everywhere('project', '.mcp.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? {
      type: 'http',
      url: connection.url,
      headers: authorization(connection.auth, dollarBraces),
    },
  command: ({ name, url }) =>
    `claude mcp add --transport http --scope user ${name} ${shellWord(url)} --header 'Authorization: Bearer ${dollarBraces}'`,
  steps: ['Run the command, or let mcpnest connect write the file.', 'In a session, /mcp shows the connection.'],
  listChanged: 'yes',
  reload: 'Run /mcp and reconnect, or start a new session.',
  limits: [
    'It writes ~/.claude.json itself while it runs; close its sessions before the file is changed.',
    'With an Authorization header it does not try OAuth.',
  ],
};

export const claudeDesktop: ClientAdapter = {
  id: 'claude-desktop',
  name: 'Claude Desktop',
  documentation: 'https://modelcontextprotocol.io/docs/develop/connect-local-servers',
  verified: true,
  seen: 'File and program entries are documented for macOS and Windows; the path on Linux is where its packages look.',
  files: [inAppFolder('Claude/claude_desktop_config.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['bridge', 'mcp-remote'],
  entry: (connection) => programEntry(connection) ?? {},
  steps: ['Settings → Developer → Edit Config opens the file.', 'Quit the program altogether and start it again.'],
  listChanged: 'unknown',
  reload: 'Quit Claude Desktop altogether and start it again.',
  limits: [
    'Entries with a URL in its file are ignored: it needs a program that carries it to the gateway.',
    'It starts programs with a short PATH; where npx is not found, write its whole path.',
  ],
};

export const claudeAi: ClientAdapter = {
  id: 'claude-ai',
  name: 'claude.ai',
  documentation: 'https://support.claude.com/en/articles/11175166',
  verified: true,
  seen: 'Connectors take OAuth or nothing, and their requests come from the makers’ network.',
  files: [],
  format: 'json',
  container: [],
  shape: 'map',
  ways: [],
  entry: () => ({}),
  steps: [],
  listChanged: 'unknown',
  reload: 'Open the connector in the settings and reconnect.',
  limits: [
    'Connectors take OAuth and no token, so it does not work with a gateway token yet. Use Claude Desktop or Claude Code.',
    'Requests come from the makers’ network: a gateway that only your own network reaches is out of reach.',
  ],
};
