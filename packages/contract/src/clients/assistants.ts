import { tokenVariable } from './adapter.ts';
import type { ClientAdapter } from './adapter.ts';
import { authorization, base64, bridgeProgram, dollarBraces, everywhere, inAppFolder, programEntry } from './parts.ts';

export const cline: ClientAdapter = {
  id: 'cline',
  name: 'Cline',
  documentation: 'https://docs.cline.bot/mcp/mcp-overview',
  verified: false,
  seen: 'The file of its command line is documented; that of its VS Code extension and `streamableHttp` were seen in configurations in use.',
  files: [
    everywhere('user', '~/.cline/data/settings/cline_mcp_settings.json'),
    inAppFolder('Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json'),
  ],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'bridge', 'mcp-remote'],
  entry: (connection) => {
    const entry = programEntry(connection);
    if (entry !== undefined) return { ...entry, disabled: false };
    const { url, auth } = connection;
    return { type: 'streamableHttp', url, headers: authorization(auth, ''), disabled: false };
  },
  steps: ['MCP Servers → Configure → Configure MCP Servers opens the file.', 'Cline connects when it is saved.'],
  listChanged: 'unknown',
  reload: 'Press restart beside the server.',
  limits: ['Without a type it takes a URL for the older SSE transport.', 'It fills in no variables.'],
};

export const continueDev: ClientAdapter = {
  id: 'continue',
  name: 'Continue',
  documentation: 'https://docs.continue.dev/customize/deep-dives/mcp',
  verified: false,
  seen: 'File, list and transport are documented; requestOptions.headers is in its reference of models and was not seen for servers.',
  files: [everywhere('user', '~/.continue/config.yaml')],
  format: 'yaml',
  container: ['mcpServers'],
  shape: 'list',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) => {
    const { name, url, auth } = connection;
    const entry = programEntry(connection);
    if (entry !== undefined) return { name, ...entry };
    const headers = authorization(auth, `\${{ secrets.${tokenVariable} }}`);
    return { name, type: 'streamable-http', url, requestOptions: { headers } };
  },
  steps: ['Let mcpnest connect write the file; Continue reads it again when it is saved.'],
  listChanged: 'unknown',
  reload: 'Reload the configuration in its panel.',
  limits: ['Servers are used in agent mode alone.', `It reads ${tokenVariable} from ~/.continue/.env.`],
};

export const goose: ClientAdapter = {
  id: 'goose',
  name: 'Goose',
  documentation: 'https://goose-docs.ai/docs/guides/config-files',
  verified: false,
  seen: 'File, keys and transport are documented; that variables in headers are filled in was seen in configurations in use.',
  files: [
    {
      scope: 'user',
      paths: {
        linux: '~/.config/goose/config.yaml',
        macos: '~/.config/goose/config.yaml',
        windows: '%APPDATA%/Block/goose/config/config.yaml',
      },
    },
  ],
  format: 'yaml',
  container: ['extensions'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) => {
    const { name, url, auth } = connection;
    const program = bridgeProgram(connection);
    const common = { name, description: 'Tools of an MCPNest workspace', enabled: true, timeout: 300 };
    if (program === undefined)
      return { ...common, type: 'streamable_http', uri: url, headers: authorization(auth, dollarBraces) };
    return { ...common, type: 'stdio', cmd: program.command, args: program.args, envs: program.env };
  },
  steps: ['Let mcpnest connect write the file.', 'Start a new session.'],
  listChanged: 'unknown',
  reload: 'Start a new session.',
  limits: ['The address is `uri`, not `url`.'],
};

export const lmStudio: ClientAdapter = {
  id: 'lm-studio',
  name: 'LM Studio',
  documentation: 'https://lmstudio.ai/docs/app/mcp',
  verified: false,
  seen: 'Keys, headers and the link are documented; the path of its file was not seen.',
  files: [everywhere('user', '~/.lmstudio/mcp.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { url: connection.url, headers: authorization(connection.auth, '') },
  deeplink: ({ name, url }) => {
    const config = base64(JSON.stringify({ url, headers: { Authorization: 'Bearer YOUR_GATEWAY_TOKEN' } }));
    return `lmstudio://add_mcp?name=${name}&config=${encodeURIComponent(config)}`;
  },
  steps: ['Open the link, or Program → Install → Edit mcp.json.', 'Put the token in place of YOUR_GATEWAY_TOKEN.'],
  listChanged: 'unknown',
  reload: 'Switch the server off and on in the Program tab.',
  limits: ['It fills in no variables, so the link leaves a place for the token.', 'It needs version 0.3.17.'],
};
