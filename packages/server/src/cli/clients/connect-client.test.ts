import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { openHome, type Home } from './ran.contract.ts';

const token = `mng_${'0'.repeat(47)}1`;
const url = 'https://mcp.example.com/api/gw/acme';
let home: Home;
const at = (...path: string[]): string => join(home.path, ...path);
const write = (path: string, text: string, mode = 0o644): string => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text, { mode });
  return at(path);
};
const json = (path: string): unknown => JSON.parse(readFileSync(at(path), 'utf8'));
const connect = (client: string, more: string[] = [], options: Parameters<Home['mcpnest']>[1] = {}) =>
  home.mcpnest(['connect', client, '--url', url, '--token-stdin', ...more], { input: token, ...options });

describe('connecting a client to an address', () => {
  beforeEach(async () => void (home = await openHome(false)));
  afterEach(() => home[Symbol.dispose]());

  it('[NEW-07] writes its file with a backup, keeps the rest, and lets nobody else read the token', async () => {
    const file = write('.cursor/mcp.json', '{\n  "mcpServers": { "other": { "command": "x" } }\n}\n');
    const ran = await connect('cursor', ['--yes']);
    expect([ran.code, ran.out]).toEqual([0, '']);
    expect(json('.cursor/mcp.json')).toEqual({
      mcpServers: {
        other: { command: 'x' },
        acme: { url, headers: { Authorization: `Bearer ${token}` } },
      },
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(file))).toEqual(['mcp.json', expect.stringMatching(/^mcp\.json\.mcpnest-.*\.bak$/)]);
    expect(ran.err).toContain('+');
    expect(ran.err).not.toContain(token);
    const again = await connect('cursor', ['--yes']);
    expect(again.err).toContain('has this already');
  });

  it('[NEW-07] asks at a terminal, never elsewhere, and a no changes nothing', async () => {
    expect(await connect('cursor')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
    expect((await connect('cursor', [], { answer: 'n' })).code).toBe(2);
    expect(readdirSync(home.path)).not.toContain('.cursor');
    expect((await connect('cursor', ['--dry-run'])).err).toContain('Nothing was written');
    expect((await connect('cursor', [], { answer: 'y' })).code).toBe(0);
  });

  it('[NEW-07] is undone, unless the file has been changed since', async () => {
    const before = '// mine\n{ "mcpServers": {} }\n';
    write('.cursor/mcp.json', before);
    await connect('cursor', ['--yes']);
    const undo = ['connect', 'cursor', '--undo', '--yes'];
    const written = readFileSync(at('.cursor/mcp.json'), 'utf8');
    writeFileSync(at('.cursor/mcp.json'), `${written} `);
    expect(await home.mcpnest(undo)).toMatchObject({
      code: 2,
      err: expect.stringContaining('changed since') as string,
    });
    writeFileSync(at('.cursor/mcp.json'), written);
    const undone = await home.mcpnest(undo);
    expect([undone.code, readFileSync(at('.cursor/mcp.json'), 'utf8')]).toEqual([0, before]);
    expect(undone.err).not.toContain(token);
    expect((await home.mcpnest(undo)).err).toContain('no backup');
    await connect('kiro', ['--yes']);
    expect((await home.mcpnest(['connect', 'kiro', '--undo', '--yes'])).err).toContain('was not there before');
    expect(readdirSync(at('.kiro/settings'))).toEqual([]);
  });

  it('[NEW-07] --undo --force gives up what was changed since', async () => {
    write('.cursor/mcp.json', '{}');
    await connect('cursor', ['--yes']);
    writeFileSync(at('.cursor/mcp.json'), '{"changed": 1}');
    expect((await home.mcpnest(['connect', 'cursor', '--undo', '--yes', '--force'])).code).toBe(0);
    expect(json('.cursor/mcp.json')).toEqual({});
  });

  it('keeps ten backups and no more', async () => {
    write('.cursor/mcp.json', '{}');
    for (let n = 0; n < 13; n++) await connect('cursor', ['--yes', '--name', `n${n}`]);
    expect(readdirSync(at('.cursor'))).toHaveLength(11);
  });

  it('goes through no link, and touches nothing that others own or may replace', async () => {
    write('elsewhere.json', '{}');
    mkdirSync(at('.cursor'));
    symlinkSync(at('elsewhere.json'), at('.cursor/mcp.json'));
    expect((await connect('cursor', ['--yes'])).err).toContain('is a link');
    mkdirSync(at('.kiro/settings'), { recursive: true });
    chmodSync(at('.kiro/settings'), 0o777);
    expect((await connect('kiro', ['--yes'])).err).toContain('chmod o-w');
    expect((await home.mcpnest(['connect', 'zed', '--url', url, '--file', '/etc', '--yes'])).err).toContain(
      'not a file',
    );
    expect(readFileSync(at('elsewhere.json'), 'utf8')).toBe('{}');
  });

  it('a second name of the file keeps what it had', async () => {
    write('.cursor/mcp.json', '{}');
    linkSync(at('.cursor/mcp.json'), at('second.json'));
    await connect('cursor', ['--yes']);
    expect(readFileSync(at('second.json'), 'utf8')).toBe('{}');
  });

  it('refuses a broken file and shows nothing of it', async () => {
    write('.cursor/mcp.json', '{"mcpServers": {"a": {"env": {"KEY": "canary');
    const ran = await connect('cursor', ['--yes']);
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('damaged')]);
    expect(ran.err).not.toContain('canary');
  });

  it('shows no secret that stands beside the change', async () => {
    write(
      '.cursor/mcp.json',
      `{"mcpServers": {"acme": {"headers": {"Authorization": "Bearer mng_${'0'.repeat(48)}"}}}}`,
    );
    const ran = await connect('cursor', ['--yes']);
    expect(ran.err).toContain('-{');
    expect(ran.err).not.toMatch(/mng_0{10}/);
  });

  it('a project gets no token, and no client the way it has not', async () => {
    const inProject = ['connect', 'cursor', '--url', url, '--project', '--file', at('p.json'), '--yes'];
    const refused = await home.mcpnest([...inProject, '--token-in', 'file']);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('shared')]);
    expect((await home.mcpnest(inProject)).code).toBe(0);
    expect(json('p.json')).toMatchObject({
      mcpServers: { acme: { headers: { Authorization: 'Bearer ${env:MCPNEST_TOKEN}' } } },
    });
    expect((await home.mcpnest(['connect', 'zed', '--url', url, '--token-in', 'prompt'])).err).toContain('bridge');
    expect((await home.mcpnest(['connect', 'claude-ai', '--url', url])).err).toContain('OAuth');
    expect((await home.mcpnest(['connect', 'jetbrains', '--url', url])).err).toContain('set up by hand');
    expect((await home.mcpnest(['connect', 'nobody', '--url', url])).err).toContain('claude-code');
  });

  it('Claude Desktop starts our bridge, whose token is kept apart from the file', async () => {
    const ran = await connect('claude-desktop', ['--yes']);
    expect(ran.code).toBe(0);
    const text = readFileSync(at('.config/Claude/claude_desktop_config.json'), 'utf8');
    expect(text).not.toContain(token);
    expect(JSON.parse(text)).toMatchObject({
      mcpServers: {
        acme: {
          command: process.execPath,
          args: [expect.stringMatching(/bin\/mcpnest\.mjs$/), 'connect', '--stdio', '--url', url],
        },
      },
    });
    expect(readFileSync(at('.config/mcpnest/tokens.json'), 'utf8')).toContain(token);
  });

  it('lists the clients and says which are here', async () => {
    mkdirSync(at('.codex'));
    const { items } = JSON.parse((await home.mcpnest(['connect', '--list', '--json'])).out) as {
      items: { id: string; found: boolean; file: string | null }[];
    };
    expect(items.filter(({ found }) => found).map(({ id }) => id)).toEqual(['codex-cli']);
    expect(items.find(({ id }) => id === 'codex-cli')?.file).toBe(at('.codex/config.toml'));
    expect((await home.mcpnest(['connect', '--list'])).out).toContain('set up by hand');
  });

  it('says in JSON what was done, without the token', async () => {
    const ran = await connect('codex-cli', ['--yes', '--json']);
    expect(JSON.parse(ran.out)).toMatchObject({
      client: 'codex-cli',
      tokenIn: 'variable',
      changed: true,
      tokenFrom: null,
    });
    expect(readFileSync(at('.codex/config.toml'), 'utf8')).toContain('bearer_token_env_var = "MCPNEST_TOKEN"');
    const literal = await connect('cursor', ['--yes', '--json']);
    expect(JSON.parse(literal.out)).toMatchObject({ tokenFrom: 'standard input' });
    expect(literal.out + literal.err).not.toContain(token);
  });

  it('sends no token in the clear, and takes none among the arguments', async () => {
    const open = ['connect', 'cursor', '--url', 'http://mcp.example.com/api/gw/acme'];
    expect((await home.mcpnest(open)).err).toContain('readable by anyone');
    expect((await home.mcpnest(['connect', 'cursor', '--url', url, '--token', token])).err).toContain('revoke it');
    expect((await home.mcpnest(['connect', 'cursor', '--url', url, '--stdio'])).code).toBe(2);
    expect((await home.mcpnest(['connect', 'cursor', '--url', url])).err).toContain('no token');
  });
});

describe('connecting a client to a workspace', () => {
  beforeAll(async () => void (home = await openHome(true)));
  afterAll(() => home[Symbol.dispose]());

  it('[NEW-07] issues a token of its own where the control API is at hand', async () => {
    const ran = await home.mcpnest(['connect', 'windsurf', '--yes']);
    expect([ran.code, ran.err]).toEqual([0, expect.stringContaining('Written')]);
    expect(json('.codeium/windsurf/mcp_config.json')).toMatchObject({
      mcpServers: {
        acme: {
          serverUrl: 'http://127.0.0.1:8420/api/gw/acme',
          headers: { Authorization: expect.stringMatching(/^Bearer mng_[0-9a-f]{48}$/) as string },
        },
      },
    });
    expect((await home.mcpnest(['token', 'list'])).out).toContain('Windsurf on ');
    expect(ran.out + ran.err).not.toMatch(/mng_[0-9a-f]{48}/);
  });

  it('one server of it, and none that is not there', async () => {
    await home.mcpnest(['server', 'add', 'One', '--url', 'https://one.example.com/mcp']);
    expect((await home.mcpnest(['connect', 'gemini-cli', '--server', 'one', '--yes'])).code).toBe(0);
    expect(json('.gemini/settings.json')).toMatchObject({
      mcpServers: { 'acme-one': { httpUrl: 'http://127.0.0.1:8420/api/gw/acme/one' } },
    });
    expect((await home.mcpnest(['connect', 'gemini-cli', '--server', 'two', '--yes'])).code).toBe(4);
  });

  it('VS Code asks for the token itself', async () => {
    expect((await home.mcpnest(['connect', 'vscode', '--yes'])).err).toContain('asks for the token once');
    expect(json('.config/Code/User/mcp.json')).toMatchObject({
      inputs: [{ id: 'mcpnest-token', password: true }],
      servers: { acme: { headers: { Authorization: 'Bearer ${input:mcpnest-token}' } } },
    });
  });
});
