import { tokenVariable } from './adapter.ts';
import type { ClientAdapter, Endpoint } from './adapter.ts';
import {
  authorization,
  base64,
  dollarBraces,
  envBraces,
  everywhere,
  inAppFolder,
  programEntry,
  shellWord,
} from './parts.ts';

export const cursor: ClientAdapter = {
  id: 'cursor',
  name: 'Cursor',
  documentation: 'https://cursor.com/docs/context/mcp',
  verified: true,
  seen: 'Files, keys, variables and the link are documented.',
  files: [everywhere('user', '~/.cursor/mcp.json'), everywhere('project', '.cursor/mcp.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { url: connection.url, headers: authorization(connection.auth, envBraces) },
  deeplink: ({ name, url }) => {
    const config = base64(JSON.stringify({ url, headers: authorization({ way: 'variable' }, envBraces) }));
    return `cursor://anysphere.cursor-deeplink/mcp/install?name=${name}&config=${encodeURIComponent(config)}`;
  },
  steps: ['Open the link, or let mcpnest connect write the file.', 'Settings → MCP shows the connection.'],
  listChanged: 'unknown',
  reload: 'Switch the server off and on in Settings → MCP.',
  limits: [`The link reads the token from ${tokenVariable}, which must be set where Cursor is started.`],
};

const codePrompt = { type: 'promptString', id: 'mcpnest-token', description: 'MCPNest gateway token', password: true };
const codeServer = ({ url }: Endpoint) => ({
  type: 'http',
  url,
  headers: { Authorization: 'Bearer ${input:mcpnest-token}' },
});

export const vsCode: ClientAdapter = {
  id: 'vscode',
  name: 'VS Code',
  documentation: 'https://code.visualstudio.com/docs/copilot/customization/mcp-servers',
  verified: true,
  seen: 'Files, keys, inputs, the command and the link are documented.',
  files: [inAppFolder('Code/User/mcp.json'), everywhere('project', '.vscode/mcp.json')],
  format: 'jsonc',
  container: ['servers'],
  shape: 'map',
  ways: ['prompt', 'literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) => {
    const program = programEntry(connection);
    if (program !== undefined) return { type: 'stdio', ...program };
    if (connection.auth.way === 'prompt') return codeServer(connection);
    return { type: 'http', url: connection.url, headers: authorization(connection.auth, envBraces) };
  },
  prompts: { container: ['inputs'], item: codePrompt },
  command: (endpoint) =>
    `code --add-mcp ${shellWord(JSON.stringify({ name: endpoint.name, ...codeServer(endpoint), inputs: [codePrompt] }))}`,
  deeplink: (endpoint) =>
    `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name: endpoint.name, ...codeServer(endpoint), inputs: [codePrompt] }))}`,
  steps: ['Open the link or run the command.', 'Start the server; VS Code asks for the token once and keeps it.'],
  listChanged: 'yes',
  reload: 'Run "MCP: List Servers" and restart the server.',
  limits: ['An organisation may allow servers of its registry alone.'],
};

export const windsurf: ClientAdapter = {
  id: 'windsurf',
  name: 'Windsurf',
  documentation: 'https://docs.windsurf.com/windsurf/cascade/mcp',
  verified: true,
  seen: 'File, serverUrl, headers and variables are documented.',
  files: [everywhere('user', '~/.codeium/windsurf/mcp_config.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { serverUrl: connection.url, headers: authorization(connection.auth, envBraces) },
  steps: ['Let mcpnest connect write the file.', 'Press refresh in the MCP panel of Cascade.'],
  listChanged: 'unknown',
  reload: 'Press refresh in the MCP panel of Cascade.',
  limits: ['The address is `serverUrl`, not `url`.'],
};

export const zed: ClientAdapter = {
  id: 'zed',
  name: 'Zed',
  documentation: 'https://zed.dev/docs/ai/mcp',
  verified: true,
  seen: 'Keys, headers and list changes are documented.',
  files: [
    {
      scope: 'user',
      paths: {
        linux: '~/.config/zed/settings.json',
        macos: '~/.config/zed/settings.json',
        windows: '%APPDATA%/Zed/settings.json',
      },
    },
    everywhere('project', '.zed/settings.json'),
  ],
  format: 'jsonc',
  container: ['context_servers'],
  shape: 'map',
  ways: ['literal', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { url: connection.url, headers: authorization(connection.auth, '') },
  steps: ['Let mcpnest connect write the file; Zed reads it at once.'],
  listChanged: 'yes',
  reload: 'Zed looks by itself.',
  limits: ['Without an Authorization header it tries OAuth. It fills in no variables.'],
};

export const jetBrains: ClientAdapter = {
  id: 'jetbrains',
  name: 'JetBrains AI Assistant',
  documentation: 'https://www.jetbrains.com/help/ai-assistant/mcp.html',
  verified: false,
  seen: 'Streamable HTTP and the place in the settings are documented; whether headers of an entry are sent was not seen.',
  files: [],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['bridge', 'literal', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { url: connection.url, headers: authorization(connection.auth, '') },
  steps: [
    'Settings → Tools → AI Assistant → Model Context Protocol (MCP) → Add → As JSON.',
    'Paste the entry, apply, and look at its status.',
  ],
  listChanged: 'unknown',
  reload: 'Press the status icon of the server in the settings and connect again.',
  limits: [
    'It is set up in its settings; there is no file for mcpnest connect to write.',
    'Junie starts programs only.',
  ],
};

export const kiro: ClientAdapter = {
  id: 'kiro',
  name: 'Kiro',
  documentation: 'https://kiro.dev/docs/mcp/configuration',
  verified: true,
  seen: 'Files, url, headers and variables are documented.',
  files: [everywhere('user', '~/.kiro/settings/mcp.json'), everywhere('project', '.kiro/settings/mcp.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { url: connection.url, headers: authorization(connection.auth, dollarBraces) },
  steps: ['Let mcpnest connect write the file; Kiro connects when it is saved.'],
  listChanged: 'unknown',
  reload: 'Press reconnect in the MCP panel.',
  limits: [`It fills in variables only once they are approved there: approve ${tokenVariable} when it asks.`],
};
