import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigFormat } from '@mcpnest/contract/clients/adapter';
import { clients } from '@mcpnest/contract/clients/clients';
import { placements, snippet, tomlTable, type Placement } from '@mcpnest/contract/clients/render';
import { editConfig } from './edit.ts';
import { parseConfig } from './formats.ts';
import { textDiff } from './text-diff.ts';

const endpoint = { name: 'acme', url: 'https://mcp.example.com/api/gw/acme' };
const auth = { way: 'bridge', program: ['mcpnest'] } as const;
const put = (container: readonly string[], value: object = { url: endpoint.url }, name = 'acme'): Placement => ({
  ...{ container, shape: 'map', idKey: 'name', name },
  value: value as Placement['value'],
});
const edit = (text: string, format: ConfigFormat, ...placed: Placement[]): string =>
  editConfig(text, format, { put: placed, remove: [] }, 'the file');

describe('what a client’s snippet says', () => {
  const connectable = clients.filter((client) => client.ways.includes('bridge'));
  it.each(connectable.map((client) => [client.id, client] as const))(
    '[MKT-02] is what mcpnest connect writes for %s into an empty file',
    (_, client) => {
      const connection = { ...endpoint, auth };
      const written = editConfig('', client.format, { put: placements(client, connection), remove: [] }, 'the file');
      const meant = parseConfig(snippet(client, connection), client.format);
      expect(parseConfig(written, client.format)).toEqual(meant);
      expect(edit(written, client.format, ...placements(client, connection))).toBe(written);
    },
  );
});

describe('a configuration', () => {
  const jsonc = `{
    // mine
    "theme": "dark", /* and this */
    "mcpServers": {
        "other": { "url": "https://other.example.com/mcp" }, // kept
    },
}
`;
  const yaml = `# mine
GOOSE_MODEL: "x"   # quoted
extensions:
  developer:
    type: builtin # kept

list: [a,   b]
`;
  const toml = `# mine
model = "x" # and this

[mcp_servers.other] # kept
url   = "https://other.example.com/mcp"

# of the profile
[profiles.a]
model = 'y'
`;

  it('[NEW-07] keeps comments and order of JSON', () => {
    const after = edit(jsonc, 'jsonc', put(['mcpServers']));
    for (const kept of ['// mine', '"dark", /* and this */', '// kept']) expect(after).toContain(kept);
    expect(after).toContain('        "acme": {\n            "url"');
    expect(after.replace(/,\s*"acme": \{[^}]*\}/, '').replace(/\s/g, '')).toContain('//kept');
  });

  it('[NEW-07] keeps comments and values of YAML', () => {
    const after = edit(yaml, 'yaml', put(['extensions']));
    for (const kept of ['# mine', 'GOOSE_MODEL: "x" # quoted', 'type: builtin # kept']) expect(after).toContain(kept);
    expect(after).toContain('  acme:\n    url: https://mcp');
  });

  it('[NEW-07] changes its own table of TOML and not a character besides', () => {
    const after = edit(toml, 'toml', put(['mcp_servers']));
    expect(after.startsWith(toml)).toBe(true);
    expect(after.slice(toml.length)).toBe(`\n[mcp_servers.acme]\nurl = "${endpoint.url}"\n`);
    const again = edit(after, 'toml', put(['mcp_servers'], { url: 'https://new.example.com/', env: { A: 'b' } }));
    expect(again.startsWith(toml)).toBe(true);
    expect(edit(again, 'toml', put(['mcp_servers']))).toBe(after);
    const gone = editConfig(toml, 'toml', { put: [], remove: [['mcp_servers', 'other']] }, 'the file');
    expect(gone).toBe(toml.replace(/\[mcp_servers.other\][^#]*#[^#]*(?=# of)/, ''));
  });

  it.each([
    ['json', '{"mcpServers": {', /damaged \(line 1/],
    ['jsonc', '[]', /no members at its top/],
    ['json', '{"mcpServers": []}', /not what its client expects/],
    ['yaml', 'a: [', /damaged/],
    ['toml', 'a = ', /damaged/],
    ['toml', 'mcp_servers = { acme = { url = "x" } }', /cannot be changed safely|damaged/],
  ] as const)('[NEW-07] that is broken or odd is refused and left alone (%s: %s)', (format, text, said) => {
    const container = format === 'toml' ? ['mcp_servers'] : ['mcpServers'];
    expect(() => edit(text, format, put(container))).toThrow(said);
  });

  it('says nothing of a damaged file but the line', () => {
    for (const [format, text] of [
      ['json', '{"a": "canary-7'],
      ['yaml', 'a: "canary-7'],
      ['toml', 'a = "canary-7'],
    ] as const)
      expect(() => edit(text, format)).toThrow(
        expect.not.objectContaining({ message: expect.stringMatching(/canary/) }),
      );
  });

  it('a text that only looks like a table is no table', () => {
    const odd = 'a = """\n[mcp_servers.acme]\nurl = "x"\n"""\n';
    expect(() => edit(odd, 'toml', put(['mcp_servers']))).toThrow(/cannot be changed safely/);
  });

  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const server = fc.record({ url: fc.webUrl(), args: fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }) });
  it.each(['jsonc', 'yaml', 'toml'] as const)(
    '[NEW-07] of any servers changes in its own entry alone (%s)',
    (format) => {
      fc.assert(
        fc.property(fc.dictionary(name, server, { maxKeys: 4 }), name, server, (servers, own, value) => {
          const text =
            format === 'toml'
              ? Object.entries(servers)
                  .map(([key, entry]) => tomlTable(['s', key], entry))
                  .join('\n')
              : JSON.stringify({ s: servers }, null, 2);
          const after = edit(text, format, put(['s'], value, own));
          expect(parseConfig(after, format)).toEqual({ s: { ...servers, [own]: value } });
          const remove = [['s', own]];
          const { [own]: _, ...others } = servers;
          const cleared = parseConfig(editConfig(after, format, { put: [], remove }, 'f'), format) as { s?: object };
          expect(cleared.s ?? {}).toEqual(others);
        }),
        { numRuns: 60 },
      );
    },
  );
});

it('a difference shows what changes and the lines around it', () => {
  expect(textDiff('a\nb\nc\nd\ne\n', 'a\nb\nc\nX\ne\n')).toBe('@@ line 2 @@\n b\n c\n-d\n+X\n e\n');
  expect(textDiff('a\n', 'a\n')).toBe('');
});
