import { tokenVariable } from '../../packages/contract/src/clients/adapter.ts';
import type { Auth, AuthWay, ClientAdapter } from '../../packages/contract/src/clients/adapter.ts';
import { clients } from '../../packages/contract/src/clients/clients.ts';
import { snippet } from '../../packages/contract/src/clients/render.ts';
import { cell, generatedNotice, table } from './markdown.ts';

const endpoint = { name: 'acme', url: 'https://mcp.example.com/api/gw/acme' };
const examples: Readonly<Record<AuthWay, Auth>> = {
  literal: { way: 'literal', token: 'mng_…' },
  variable: { way: 'variable' },
  prompt: { way: 'prompt' },
  bridge: { way: 'bridge', program: ['mcpnest'] },
  'mcp-remote': { way: 'mcp-remote', token: 'mng_…' },
};
const inWords: Readonly<Record<AuthWay, string>> = {
  literal: 'in the file',
  variable: `from ${tokenVariable}`,
  prompt: 'asked for once',
  bridge: 'through `mcpnest connect --stdio`',
  'mcp-remote': 'through `mcp-remote`',
};

/** How each client is brought to a gateway. */
export function clientsPage(): string {
  const rows = clients.map((client) => [
    `[${client.name}](#${client.id})`,
    `\`${client.id}\``,
    client.ways.map((way) => inWords[way]).join(', ') || 'OAuth alone',
    client.listChanged,
    client.verified ? 'yes' : 'no',
  ]);
  return [
    '# Connecting clients',
    '',
    generatedNotice,
    '',
    '`mcpnest connect <client>` shows what would change in the client’s file, asks, keeps a backup and writes; `--undo` puts back what was there. `mcpnest import <client>` brings what the client has already behind the gateway. `mcpnest connect --list` says which clients are on this machine.',
    '',
    'A token written into a file makes the file readable by its owner alone. No link and no command line below holds one.',
    '',
    table(['client', 'id', 'token', 'hears of changed lists', 'verified'], rows),
    '',
    ...clients.flatMap(section),
  ].join('\n');
}

function section(client: ClientAdapter): string[] {
  const [way] = client.ways;
  const lines = [`<a id="${client.id}"></a>`, '', `## ${client.name}`, ''];
  if (client.files.length > 0) {
    const rows = client.files.map(({ scope, paths }) => [
      scope,
      ...[paths.linux, paths.macos, paths.windows].map(code),
    ]);
    lines.push(table(['file', 'Linux', 'macOS', 'Windows'], rows), '');
  }
  lines.push(...client.steps.map((step, index) => `${index + 1}. ${cell(step)}`), '');
  if (way !== undefined)
    lines.push(fence(client.format, snippet(client, { ...endpoint, auth: examples[way] }).trimEnd()), '');
  if (client.command !== undefined) lines.push(fence('sh', client.command(endpoint)), '');
  if (client.deeplink !== undefined) lines.push('Link:', '', fence('text', client.deeplink(endpoint)), '');
  lines.push(
    ...client.limits.map((limit) => `- ${cell(limit)}`),
    `- When tools have changed: ${cell(client.reload)}`,
    '',
  );
  lines.push(
    `${client.verified ? 'Verified' : 'Not verified'}: ${cell(client.seen)} [Documentation](${client.documentation})`,
    '',
  );
  return lines;
}

const code = (text: string): string => `\`${text}\``;
const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
