import { tokenVariable } from './adapter.ts';
import type { ClientAdapter } from './adapter.ts';
import { authorization, bridgeProgram, dollarBraces, everywhere, programEntry, shellWord } from './parts.ts';

export const copilotCli: ClientAdapter = {
  id: 'copilot-cli',
  name: 'Copilot CLI',
  documentation: 'https://docs.github.com/en/copilot/how-tos/use-copilot-agents/use-copilot-cli',
  verified: false,
  seen: 'File and keys are documented; that variables are filled in was seen in configurations in use.',
  files: [everywhere('user', '~/.copilot/mcp-config.json')],
  format: 'json',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) => {
    const program = programEntry(connection);
    if (program !== undefined) return { type: 'local', ...program, tools: ['*'] };
    const { url, auth } = connection;
    return { type: 'http', url, headers: authorization(auth, dollarBraces), tools: ['*'] };
  },
  steps: ['Let mcpnest connect write the file.', 'In a session, /mcp show lists the connection.'],
  listChanged: 'unknown',
  reload: 'Start a new session.',
  limits: ['Where an organisation allows servers of its registry alone, an entry with headers is refused.'],
};

export const codexCli: ClientAdapter = {
  id: 'codex-cli',
  name: 'Codex CLI',
  documentation: 'https://developers.openai.com/codex/mcp',
  verified: true,
  seen: 'File, keys, command and time limits are documented.',
  files: [everywhere('user', '~/.codex/config.toml'), everywhere('project', '.codex/config.toml')],
  format: 'toml',
  container: ['mcp_servers'],
  shape: 'map',
  ways: ['variable', 'bridge', 'mcp-remote'],
  entry: (connection) => programEntry(connection) ?? { url: connection.url, bearer_token_env_var: tokenVariable },
  command: ({ name, url }) => `codex mcp add ${name} --url ${shellWord(url)} --bearer-token-env-var ${tokenVariable}`,
  steps: [
    `Set ${tokenVariable} where Codex is started.`,
    'Run the command.',
    'In a session, /mcp lists the connection.',
  ],
  listChanged: 'unknown',
  reload: 'Start a new session.',
  limits: [
    'It takes a token from an environment variable and refuses one in the file.',
    'It waits 10 seconds for a server to start and 60 for a call: startup_timeout_sec and tool_timeout_sec change that.',
    'A project’s file counts only in a project that is trusted.',
  ],
};

export const geminiCli: ClientAdapter = {
  id: 'gemini-cli',
  name: 'Gemini CLI',
  documentation: 'https://geminicli.com/docs/tools/mcp-server/',
  verified: true,
  seen: 'Files, httpUrl, headers, variables and the command are documented.',
  files: [everywhere('user', '~/.gemini/settings.json'), everywhere('project', '.gemini/settings.json')],
  format: 'jsonc',
  container: ['mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { httpUrl: connection.url, headers: authorization(connection.auth, dollarBraces) },
  command: ({ name, url }) =>
    `gemini mcp add --scope user --transport http --header 'Authorization: Bearer ${dollarBraces}' ${name} ${shellWord(url)}`,
  steps: ['Run the command, or let mcpnest connect write the file.', 'In a session, /mcp lists the connection.'],
  listChanged: 'unknown',
  reload: 'Run /mcp refresh, or start a new session.',
  limits: ['An entry with `url` in place of `httpUrl` is taken for the older SSE transport.'],
};

export const openCode: ClientAdapter = {
  id: 'opencode',
  name: 'OpenCode',
  documentation: 'https://opencode.ai/docs/mcp-servers',
  verified: true,
  seen: 'Files, remote entries, headers and variables are documented. Version 2 writes servers below mcp.servers and still reads these.',
  files: [everywhere('user', '~/.config/opencode/opencode.json'), everywhere('project', 'opencode.json')],
  format: 'jsonc',
  container: ['mcp'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) => {
    const program = bridgeProgram(connection);
    if (program !== undefined) {
      const { command, args, env } = program;
      return { type: 'local', command: [command, ...args], environment: env, enabled: true };
    }
    const { url, auth } = connection;
    return { type: 'remote', url, headers: authorization(auth, `{env:${tokenVariable}}`), oauth: false, enabled: true };
  },
  steps: ['Let mcpnest connect write the file.', 'Start OpenCode again.'],
  listChanged: 'unknown',
  reload: 'Start OpenCode again.',
  limits: ['Without `oauth: false` it tries OAuth where a server refuses a token.'],
};

export const amp: ClientAdapter = {
  id: 'amp',
  name: 'Amp',
  documentation: 'https://ampcode.com/manual',
  verified: false,
  seen: 'The key and the files were seen in configurations in use; the manual itself was not. `amp.mcpServers` is one key with a dot.',
  files: [everywhere('user', '~/.config/amp/settings.json'), everywhere('project', '.amp/settings.json')],
  format: 'jsonc',
  container: ['amp.mcpServers'],
  shape: 'map',
  ways: ['literal', 'variable', 'bridge', 'mcp-remote'],
  entry: (connection) =>
    programEntry(connection) ?? { url: connection.url, headers: authorization(connection.auth, dollarBraces) },
  steps: ['Let mcpnest connect write the file.', 'Start Amp again.'],
  listChanged: 'unknown',
  reload: 'Start Amp again.',
  limits: ['Servers of a project must be approved there before they start.'],
};
