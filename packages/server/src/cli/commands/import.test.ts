import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHome, type Home } from '../clients/ran.contract.ts';

let home: Home;
beforeEach(async () => void (home = await openHome(true)));
afterEach(() => home[Symbol.dispose]());

const canary = `ghp_${'c4N4'.repeat(9)}`;
const before = `{
  "theme": "dark",
  "mcpServers": {
    "GitHub": { "url": "https://api.example.com/mcp", "headers": { "Authorization": "Bearer ${canary}" } },
    "files": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/"] },
    "old": { "type": "sse", "url": "https://old.example.com/sse?api_key=canary-key-1" }
  }
}
`;
const write = (path: string, text: string): string => {
  const file = join(home.path, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

describe('mcpnest import', () => {
  it('[NEW-07] moves servers and their credentials behind the gateway and writes the one line back, with undo', async () => {
    const file = write('.cursor/mcp.json', before);
    const ran = await home.mcpnest(['import', 'cursor', '--write-back', '--yes']);
    expect([ran.code, ran.out]).toEqual([0, '']);
    expect(ran.err + ran.out).not.toMatch(new RegExp(`${canary}|mng_[0-9a-f]{48}`));
    const servers = JSON.parse((await home.mcpnest(['server', 'list', '--json'])).out) as { items: unknown[] };
    expect(servers.items).toMatchObject([
      { slug: 'github', url: 'https://api.example.com/mcp', credential: { headers: ['authorization'] } },
    ]);
    const after = readFileSync(file, 'utf8');
    expect(JSON.parse(after)).toMatchObject({
      theme: 'dark',
      mcpServers: { acme: { url: 'http://127.0.0.1:8420/api/gw/acme' }, files: {}, old: {} },
    });
    expect(after).not.toContain(canary);
    const again = await home.mcpnest(['import', 'cursor', '--yes']);
    expect(again.err).toContain('stays: it is this gateway');
    expect((await home.mcpnest(['connect', 'cursor', '--undo', '--yes'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await home.mcpnest(['import', 'cursor', '--yes'])).err).toContain('exists: GitHub');
  });

  it('[SCN-02] what a hostile file says cannot move the cursor, hide a line or add one', async () => {
    const name = 'X-\u001b[2K\u001b]0;title\u0007\u009b1A\nadd as trusted';
    const url = 'https://api.example.com/mcp';
    const servers = {
      [`GitHub${name}`]: { url, headers: { [name]: `Bearer ${canary}`, [`${name}2`]: '${TOKEN}' } },
      files: { command: `npx${name}`, args: [name, `--key=${name}`] },
      [`bad${name}`]: { url: `no${name}` },
    };
    write('.cursor/mcp.json', JSON.stringify({ mcpServers: servers }));
    for (const args of [['--dry-run'], ['--yes'], ['--yes']]) {
      const { err } = await home.mcpnest(['import', 'cursor', ...args]);
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      expect(err).not.toMatch(/^\s*add as trusted/m);
    }
  });

  it('[SCN-02] shows the risks and the governed way, masked, and changes nothing when only asked to look', async () => {
    const file = write('.cursor/mcp.json', before);
    const ran = await home.mcpnest(['import', 'cursor', '--dry-run']);
    for (const said of ['readable in the file', 'all rights of this person', 'whole disk', 'Host it', 'ghp_…c4N4'])
      expect(ran.err).toContain(said);
    expect(ran.err).toContain('can be hosted: filesystem');
    expect(ran.err).not.toContain(canary);
    expect((await home.mcpnest(['server', 'list'])).out).toBe('(none)\n');
    expect([readFileSync(file, 'utf8'), readdirSync(dirname(file))]).toEqual([before, ['mcp.json']]);
    const json = await home.mcpnest(['import', 'cursor', '--dry-run', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      servers: [
        {
          secrets: [{ name: 'Authorization', shown: 'Bearer ghp_…c4N4' }],
          risks: [{ code: 'plain-text-credential' }],
          proposal: { kind: 'add', headers: ['Authorization'] },
        },
        { kind: 'stdio', proposal: { kind: 'host', entry: 'filesystem' } },
        { kind: 'sse', proposal: { kind: 'leave', reason: expect.stringContaining('address carries') as string } },
      ],
    });
    expect(json.out).not.toMatch(new RegExp(`${canary}|canary-key`));
  });

  it('[NEW-07] reads TOML and YAML, and any file it is given', async () => {
    write(
      '.codex/config.toml',
      '# mine\n[mcp_servers.one]\nurl = "https://one.example.com/mcp"\nbearer_token_env_var = "ONE"\n',
    );
    const codex = await home.mcpnest(['import', 'codex-cli', '--yes', '--write-back']);
    expect([codex.code, codex.err]).toEqual([0, expect.stringContaining('is not in the file')]);
    const toml = readFileSync(join(home.path, '.codex/config.toml'), 'utf8');
    expect(toml).toContain('# mine');
    expect(toml).toContain('[mcp_servers.acme]');
    expect(toml).not.toContain('one.example.com');
    const goose = write(
      'some.yaml',
      'extensions:\n  two:\n    type: streamable_http\n    uri: https://two.example.com/mcp\n',
    );
    expect((await home.mcpnest(['import', goose, '--yes'])).err).toContain('added: two');
    expect((await home.mcpnest(['import', goose, '--yes', '--write-back'])).err).toContain('--client');
    expect((await home.mcpnest(['import', goose, '--yes', '--write-back', '--client', 'goose'])).code).toBe(0);
    expect(readFileSync(goose, 'utf8')).toContain('uri: http://127.0.0.1:8420/api/gw/acme');
  });

  it('says what kept a server out, with its own exit code', async () => {
    await home.mcpnest(['server', 'add', 'GitHub', '--slug', 'github', '--url', 'https://elsewhere.example.com/mcp']);
    write('.cursor/mcp.json', before);
    const ran = await home.mcpnest(['import', 'cursor', '--yes']);
    expect([ran.code, ran.err]).toEqual([5, expect.stringContaining('failed: GitHub (')]);
  });

  it('asks nobody who is not there, and reads nothing that is no configuration', async () => {
    write('.cursor/mcp.json', before);
    expect(await home.mcpnest(['import', 'cursor'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes') as string,
    });
    const broken = write('broken', `{"mcpServers": {"a": "${canary}`);
    const ran = await home.mcpnest(['import', broken, '--yes']);
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('no configuration')]);
    expect(ran.err).not.toContain(canary);
    expect((await home.mcpnest(['import', join(home.path, 'nothing'), '--yes'])).err).toContain('There is no file');
  });
});
