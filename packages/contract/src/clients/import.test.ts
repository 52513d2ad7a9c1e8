import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClientConfig } from './import.ts';
import { importLimits, secretsOf } from './imported.ts';
import type { ImportedServer } from './imported.ts';
import { matchHosted, npmPackage, risksOf } from './risks.ts';
import { isReference, maskIn, maskSecret, secretReason } from './secrets.ts';

const none = (): never => {
  throw new SyntaxError();
};
const parsers = { json: JSON.parse, jsonc: JSON.parse, toml: none, yaml: none };
const read = (config: unknown) => readClientConfig(JSON.stringify(config), parsers);
const one = (entry: object, name = 'a'): ImportedServer => read({ mcpServers: { [name]: entry } }).servers[0]!;
const codes = (entry: object): string[] => risksOf(one(entry)).map(({ code }) => code);

const github = `ghp_${'a1B2'.repeat(9)}`;

describe('reading what a client has', () => {
  it.each([
    ['Cursor', { mcpServers: { a: { url: 'https://a.example.com/mcp' } } }, ['mcpServers', 'a']],
    ['VS Code', { servers: { a: { type: 'http', url: 'https://a.example.com/mcp' } } }, ['servers', 'a']],
    ['Gemini CLI', { mcpServers: { a: { httpUrl: 'https://a.example.com/mcp' } } }, ['mcpServers', 'a']],
    ['Windsurf', { mcpServers: { a: { serverUrl: 'https://a.example.com/mcp' } } }, ['mcpServers', 'a']],
    [
      'Goose',
      { extensions: { a: { type: 'streamable_http', uri: 'https://a.example.com/mcp' } } },
      ['extensions', 'a'],
    ],
    ['OpenCode', { mcp: { a: { type: 'remote', url: 'https://a.example.com/mcp' } } }, ['mcp', 'a']],
    ['OpenCode 2', { mcp: { servers: { a: { url: 'https://a.example.com/mcp' } } } }, ['mcp', 'servers', 'a']],
    ['Zed', { context_servers: { a: { url: 'https://a.example.com/mcp' } } }, ['context_servers', 'a']],
    ['Amp', { 'amp.mcpServers': { a: { url: 'https://a.example.com/mcp' } } }, ['amp.mcpServers', 'a']],
    ['Codex CLI', { mcp_servers: { a: { url: 'https://a.example.com/mcp' } } }, ['mcp_servers', 'a']],
    ['Continue', { mcpServers: [{ name: 'a', url: 'https://a.example.com/mcp' }] }, ['mcpServers', 0]],
    ['a snippet', { a: { url: 'https://a.example.com/mcp' } }, ['a']],
  ])('[NEW-07] finds the servers of %s', (_, config, path) => {
    const { servers, problems } = read(config);
    expect(problems).toEqual([]);
    expect(servers).toMatchObject([{ name: 'a', kind: 'http', url: 'https://a.example.com/mcp', path }]);
  });

  it('[NEW-07] finds what Claude Code keeps for single folders', () => {
    const projects = { '/home/ada/x': { mcpServers: { a: { command: 'npx', args: ['-y', 'pkg'] } } } };
    expect(read({ mcpServers: {}, projects }).servers).toMatchObject([{ name: 'a', kind: 'stdio', command: 'npx' }]);
  });

  it('[NEW-07] sees through mcp-remote to the address, and to the header in its environment', () => {
    const server = one({
      command: 'npx',
      args: ['-y', 'mcp-remote@0.15.1', 'https://a.example.com/mcp', '--header', 'Authorization:${H}'],
      env: { H: `Bearer ${github}` },
    });
    expect(server).toMatchObject({ kind: 'http', through: 'mcp-remote', url: 'https://a.example.com/mcp' });
    expect(server.headers).toMatchObject([{ name: 'Authorization', secret: 'prefix', value: `Bearer ${github}` }]);
  });

  it('[NEW-07] knows the older transport, what is switched off, and says what it did not understand', () => {
    expect(one({ type: 'sse', url: 'https://a.example.com/x' }).kind).toBe('sse');
    expect(one({ url: 'https://a.example.com/sse' }).kind).toBe('sse');
    expect(one({ url: 'https://a.example.com/mcp', disabled: true, gallery: true })).toMatchObject({
      enabled: false,
      unknown: ['gallery'],
    });
    expect(read({ extensions: { developer: { type: 'builtin', enabled: true } } }).servers).toEqual([]);
  });

  it('[NEW-07] is bounded, and says what it left out', () => {
    const many = Object.fromEntries(
      Array.from({ length: 250 }, (_, n) => [`s${n}`, { url: 'https://a.example.com/' }]),
    );
    const report = read({ mcpServers: many });
    expect([report.servers.length, report.problems]).toEqual([
      importLimits.servers,
      ['Only the first 200 servers were read.'],
    ]);
    expect(read({ mcpServers: { a: { url: `https://a.example.com/${'x'.repeat(9_000)}` } } }).problems).toHaveLength(1);
    expect(read({ mcpServers: { a: { command: 'x', args: Array(200).fill('y') } } }).problems).toHaveLength(1);
    expect(read({ mcpServers: { a: { url: 'file:///etc/passwd' } } }).problems).toEqual(['a: its address is no URL']);
    const deep = `{"mcpServers":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}}`;
    expect(readClientConfig(deep, parsers)).toMatchObject({ servers: [], problems: [expect.stringContaining('deep')] });
    expect(() => readClientConfig('not a configuration', parsers)).toThrow(SyntaxError);
    expect(() => readClientConfig('[1]', parsers, 'json')).toThrow(/JSON/);
    expect(() => readClientConfig(' '.repeat(importLimits.characters + 1), parsers)).toThrow(RangeError);
  });

  it('takes whatever it is given without harm', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (whole, entry) => {
        for (const config of [whole, { mcpServers: whole }, { mcpServers: { a: entry } }, { servers: [entry] }]) {
          if (typeof config !== 'object' || config === null || Array.isArray(config)) continue;
          for (const server of read(config).servers) risksOf(server);
        }
      }),
    );
  });
});

describe('secrets', () => {
  it.each([
    ['Authorization', 'Bearer abc', 'name'],
    ['X-Api-Key', 'hunter2', 'name'],
    ['anything', github, 'prefix'],
    ['anything', 'Zm9vYmFyOTg3NjU0MzIxMGFiY2RlZjEyMzQ', 'random'],
    ['anything', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b', 'random'],
  ] as const)('[SCN-02] %s: %s is one (%s)', (name, value, reason) => {
    expect(secretReason(name, value)).toBe(reason);
  });

  it.each([
    ['API_KEY', '${API_KEY}'],
    ['Authorization', 'Bearer ${input:token}'],
    ['Authorization', 'Bearer {env:TOKEN}'],
    ['Authorization', 'Bearer <your token>'],
    ['API_KEY', 'YOUR_API_KEY'],
    ['MAX_TOKENS', '4096'],
    ['NODE_ENV', 'production'],
    ['path', '/home/ada/projects/notes2/src'],
    ['package', '@modelcontextprotocol/server-filesystem'],
  ])('[SCN-02] %s: %s is none', (name, value) => {
    expect(secretReason(name, value)).toBeUndefined();
  });

  it('[SCN-02] are found in arguments, addresses and variables, and shown masked', () => {
    const server = one({
      command: 'npx',
      args: ['-y', 'pkg', '--api-key', 'hunter2hunter2hunter2', `--token=${github}`, 'postgres://ada:pass@db/x'],
      env: { GITHUB_TOKEN: github, LEVEL: 'debug' },
    });
    const shown = JSON.stringify([server.args, server.env].flat().map((value) => value.shown));
    expect(shown).not.toMatch(/hunter2hunter2h|a1B2a1B2a1B2|:pass@/);
    expect(shown).toContain('--token=ghp_…a1B2');
    expect(secretsOf(server)).toHaveLength(4);
    const address = one({ url: 'https://ada:pass@a.example.com/mcp?api_key=hunter2&page=1' });
    expect([address.url, secretsOf(address)]).toEqual(['https://a.example.com/mcp?page=1', ['pass', 'hunter2']]);
  });

  it('[SCN-02] no mask gives more away than a prefix and four characters', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,60}$/), (value) => {
        const masked = maskSecret(value);
        expect(masked.replace('…', '').length).toBeLessThanOrEqual(value.length >= 16 ? 10 : 0);
        expect(maskIn(`a ${value} b`, [value])).toBe(value.length < 4 ? `a ${value} b` : `a ${masked} b`);
      }),
    );
    expect(isReference('Bearer $TOKEN')).toBe(true);
  });
});

describe('risks', () => {
  it('[SCN-02] names credentials in the file, ungoverned processes, unpinned packages and wide access', () => {
    expect(codes({ command: 'npx', args: ['-y', 'pkg'], env: { API_KEY: 'abc' } })).toEqual([
      'plain-text-credential',
      'local-process',
      'unpinned-package',
    ]);
    expect(codes({ command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem@1.2.3', '/'] })).toEqual([
      'wide-access',
      'local-process',
    ]);
    expect(codes({ command: 'docker', args: ['run', '-v', '/var/run/docker.sock:/x', 'img'] })[0]).toBe('wide-access');
  });

  it('[SCN-02] names addresses without authentication and in clear text', () => {
    expect(codes({ url: 'http://mcp.internal/mcp' })).toEqual(['clear-text', 'no-authentication']);
    expect(codes({ url: 'http://127.0.0.1:3000/mcp', headers: { 'X-Key': '${KEY}' } })).toEqual([]);
    expect(codes({ url: 'https://a.example.com/mcp', headers: { 'X-Key': 'hunter2' } })).toEqual([
      'plain-text-credential',
    ]);
  });

  it('[NEW-07] a program is matched with the catalogue by its package and by nothing else', () => {
    const catalogue = [{ slug: 'files', package: { name: '@modelcontextprotocol/server-filesystem' } }];
    const match = (command: string, ...args: string[]) => matchHosted(command, args, catalogue);
    const name = '@modelcontextprotocol/server-filesystem';
    expect(match('npx', '-y', `${name}@2026.1.1`, '/tmp')).toBe('files');
    expect(match('C:\\Program Files\\nodejs\\npx.cmd', name)).toBe('files');
    expect(match('pnpm', 'dlx', name)).toBe('files');
    expect(match('npx', '-y', '--package', name, 'mcp-server-filesystem')).toBe('files');
    expect(match('npm', 'exec', `--package=${name}`, '--', 'x')).toBe('files');
    expect(match('node', name)).toBeUndefined();
    expect(match('npx', '-y', 'other', name)).toBeUndefined();
    expect(match('npx', '-y')).toBeUndefined();
    expect(npmPackage('npx', ['-y', 'pkg@latest'])).toEqual({ name: 'pkg', version: 'latest' });
  });
});
