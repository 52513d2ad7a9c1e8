import { clients, findClient } from '@mcpnest/contract/clients/clients';
import { describe, expect, it } from 'vitest';
import {
  commandOf,
  configurationOf,
  knownClient,
  likelyFirst,
  noToken,
  operatingSystemOf,
  wayOf,
} from './client-config.ts';

const endpoint = { name: 'acme', url: 'https://mcp.example.com/api/gw/acme' };
const token = `mng_${'a'.repeat(48)}`;

describe('what a page shows of a client', () => {
  it('has the real address, and the token only where the client keeps one in its file', () => {
    for (const client of clients) {
      const way = wayOf(client);
      if (way === undefined) continue;
      const text = configurationOf(client, endpoint, way, token);
      expect(text).toContain(endpoint.url);
      expect([client.id, text.includes(token)]).toEqual([client.id, way === 'literal' || way === 'mcp-remote']);
    }
  });

  it('sets the variable before a line that reads it, and before no other', () => {
    expect(commandOf(findClient('claude-code')!, endpoint, token)).toMatch(
      new RegExp(`^export MCPNEST_TOKEN='${token}'\nclaude mcp add .*https://mcp.example.com/api/gw/acme`),
    );
    expect(commandOf(findClient('vscode')!, endpoint, noToken)).toMatch(/^code --add-mcp /);
    expect(commandOf(findClient('claude-desktop')!, endpoint, token)).toBeUndefined();
  });

  it('begins with clients that have come before and ends with those that take no token', () => {
    const order = likelyFirst(clients, ['something-else', 'cursor-vscode', 'Visual Studio Code']).map(({ id }) => id);
    expect(order[0]).toBe('cursor');
    expect(order.at(-1)).toBe('claude-ai');
    expect(knownClient(clients, 'claude-code')?.id).toBe('claude-code');
    expect(knownClient(clients, '')).toBeUndefined();
  });

  it('tells systems apart by what the browser says', () => {
    expect(operatingSystemOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64)')).toBe('windows');
    expect(operatingSystemOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)')).toBe('macos');
    expect(operatingSystemOf('Mozilla/5.0 (X11; Linux x86_64)')).toBe('linux');
  });
});
