import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isShareable } from './adapter.ts';
import type { Auth, AuthWay, ClientAdapter } from './adapter.ts';
import { clients, findClient } from './clients.ts';
import { placements, snippet } from './render.ts';

const token = `mng_${'0'.repeat(48)}`;
const endpoint = { name: 'acme', url: 'https://mcp.example.com/api/gw/acme' };
const auths: Readonly<Record<AuthWay, Auth>> = {
  literal: { way: 'literal', token },
  variable: { way: 'variable' },
  prompt: { way: 'prompt' },
  bridge: { way: 'bridge', program: ['mcpnest'] },
  'mcp-remote': { way: 'mcp-remote', token },
};
const golden = join(import.meta.dirname, 'golden');

/** Everything an adapter makes, as it is read by a person. */
function rendered(client: ClientAdapter): string {
  const parts: (readonly [heading: string, text: string])[] = [
    ...client.files.map(({ scope, paths }) => [`file (${scope})`, JSON.stringify(paths)] as const),
    ...client.ways.map((way) => [way, snippet(client, { ...endpoint, auth: auths[way] }).trimEnd()] as const),
    ...(client.command === undefined ? [] : [['command', client.command(endpoint)] as const]),
    ...(client.deeplink === undefined ? [] : [['deeplink', client.deeplink(endpoint)] as const]),
  ];
  return parts.map(([heading, text]) => `== ${heading}\n${text}\n`).join('\n');
}

describe('clients', () => {
  it.each(clients.map((client) => [client.id, client] as const))(
    '[MKT-02] %s is configured as its golden file says',
    async (id, client) => {
      const file = join(golden, `${id}.txt`);
      expect(existsSync(file) || process.env['CI'] === undefined).toBe(true);
      await expect(rendered(client)).toMatchFileSnapshot(file);
    },
  );

  it('has one golden file for each, and no other', () => {
    expect(readdirSync(golden).sort()).toEqual(clients.map(({ id }) => `${id}.txt`).sort());
  });

  it('names each once, and says of each how it is set up, what its limits are and what was verified', () => {
    expect(new Set(clients.map(({ id }) => id)).size).toBe(clients.length);
    for (const client of clients) {
      expect(findClient(client.id)).toBe(client);
      expect(client.id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      expect(client.documentation).toMatch(/^https:\/\//);
      expect([client.seen, client.reload, ...client.limits].every((text) => text.endsWith('.'))).toBe(true);
      expect(client.limits.length).toBeGreaterThan(0);
      expect(client.ways.length === 0 || client.steps.length > 0).toBe(true);
      expect(client.ways.includes('prompt')).toBe(client.prompts !== undefined);
    }
    expect(findClient('nobody')).toBeUndefined();
  });

  it('[GW-02] claude.ai takes no token, and no way to give it one is offered', () => {
    const claudeAi = findClient('claude-ai')!;
    expect(claudeAi.limits.join(' ')).toContain('OAuth');
    expect(() => placements(claudeAi, { ...endpoint, auth: auths.literal })).toThrow(RangeError);
  });
});

describe('secrets', () => {
  const anyEndpoint = fc.record({
    name: fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,10})?$/),
    url: fc.webUrl({ withQueryParameters: true }),
  });

  it('[MKT-03] no link has a place for a token, and what it opens is the entry it should be', () => {
    fc.assert(
      fc.property(anyEndpoint, fc.constantFrom(...clients.filter(({ deeplink }) => deeplink)), (where, client) => {
        const link = new URL(client.deeplink!(where));
        const config = link.searchParams.get('config');
        const text = config === null ? decodeURIComponent(link.search.slice(1)) : atob(config);
        expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(where.url));
        expect(text).toMatch(/Bearer (?:\$\{env:MCPNEST_TOKEN\}|\$\{input:mcpnest-token\}|YOUR_GATEWAY_TOKEN)"/);
        expect(link.href + text).not.toMatch(/mng_|mnk_/);
      }),
    );
  });

  it('[MKT-03] a link and a command are made without knowing a token', () => {
    // By type they get none; this is for whoever changes the type.
    const withToken = { ...endpoint, auth: auths.literal, token };
    for (const { command, deeplink } of clients) {
      expect(`${command?.(withToken)} ${deeplink?.(withToken)} ${atobs(deeplink?.(withToken))}`).not.toContain(token);
    }
  });

  it('a shareable way leaves no token in what is written', () => {
    for (const client of clients) {
      for (const way of client.ways) {
        const text = snippet(client, { ...endpoint, auth: auths[way] });
        expect(text.includes(token)).toBe(!isShareable(way));
      }
    }
  });

  it('the token is never among the arguments of a program', () => {
    for (const client of clients) {
      for (const way of client.ways) {
        const [placed] = placements(client, { ...endpoint, auth: auths[way] }).slice(-1);
        expect(JSON.stringify([placed!.value['args'], placed!.value['command'], placed!.value['cmd']])).not.toContain(
          token,
        );
      }
    }
  });

  it('a command survives every address in a shell, quotes included', () => {
    const url = `https://mcp.example.com/it's?a=b&c=$(id)`;
    expect(findClient('codex-cli')!.command!({ name: 'acme', url })).toContain(
      String.raw`--url 'https://mcp.example.com/it'\''s?a=b&c=$(id)' `,
    );
  });
});

/** Whatever in a link is base64, in the clear. */
const atobs = (link: string | undefined): string => {
  const config = link === undefined ? null : new URL(link).searchParams.get('config');
  return config === null ? '' : atob(config);
};
