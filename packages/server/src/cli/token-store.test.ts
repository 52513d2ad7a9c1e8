import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mintToken } from '../domain/token.ts';
import { Secret } from '../domain/secret.ts';
import { gatewayToken, openTokenStore, type TokenStore } from './token-store.ts';

const url = new URL('https://gateway.example/api/gw/acme');
const other = new URL('https://gateway.example/api/gw/other');
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mcpnest-tokens-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  HOME: home,
  PATH: `${home}:/usr/bin:/bin`,
  ...more,
});
const found = async (store: TokenStore, at = url): Promise<[string, string] | undefined> => {
  const kept = await store.find(at);
  return kept && [kept.token.reveal(), kept.from];
};

/** A program that takes the arguments of libsecret's `secret-tool` and keeps what it is given in files. */
function installSecretTool(): void {
  const file = join(home, 'secret-tool');
  const text = `#!/bin/sh
echo "$*" >> "$HOME/arguments"; env >> "$HOME/environment"
[ "$1" = store ] && shift
case "$1" in
  lookup) [ -f "$HOME/kept-$5" ] && cat "$HOME/kept-$5" ;;
  clear) rm "$HOME/kept-$5" ;;
  --label=*) cat > "$HOME/kept-$5" ;;
esac
`;
  writeFileSync(file, text, { mode: 0o755 });
}

describe('a machine without a keychain', () => {
  // Neither has the program of its keychain here.
  it.each(['linux', 'darwin', 'freebsd'] as const)(
    'keeps tokens in a file of the person alone (%s)',
    async (platform) => {
      const store = openTokenStore(environment({ PATH: home }), platform);
      expect(await found(store)).toBeUndefined();
      const [one, two] = [mintToken('mng_'), mintToken('mng_')];
      const file = join(home, '.config', 'mcpnest', 'tokens.json');
      expect(await store.store(url, new Secret(one))).toBe(file);
      await store.store(other, new Secret(two));
      expect([await found(store), await found(store, other)]).toEqual([
        [one, file],
        [two, file],
      ]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect([await store.forget(url), await store.forget(url)]).toEqual([true, false]);
      expect([await found(store), (await found(store, other))?.[0]]).toEqual([undefined, two]);
    },
  );

  it('uses no file that others may read, and none that is damaged', async () => {
    const store = openTokenStore(environment({ PATH: home }), 'linux');
    const file = await store.store(url, new Secret(mintToken('mng_')));
    chmodSync(file, 0o640);
    await expect(store.find(url)).rejects.toThrow(`chmod 600 ${file}`);
    await expect(store.store(url, new Secret(mintToken('mng_')))).rejects.toThrow('chmod 600');
    chmodSync(file, 0o600);
    writeFileSync(file, '{"a":');
    await expect(store.find(url)).rejects.toThrow('damaged');
  });

  it('honours XDG_CONFIG_HOME', async () => {
    const store = openTokenStore(environment({ PATH: home, XDG_CONFIG_HOME: join(home, 'xdg') }), 'linux');
    expect(await store.store(url, new Secret(mintToken('mng_')))).toBe(join(home, 'xdg', 'mcpnest', 'tokens.json'));
  });
});

describe('a machine with a keychain', () => {
  it('[TOK-04] keeps tokens there: none in a file of ours, in an argument or in the environment of its program', async () => {
    const token = mintToken('mng_');
    const file = await openTokenStore(environment({ PATH: home }), 'linux').store(url, new Secret(token));
    installSecretTool();
    const store = openTokenStore(environment({ MCPNEST_API_KEY: mintToken('mnk_') }), 'linux');
    expect(await store.store(url, new Secret(token))).toBe('the keychain');
    expect(await found(store)).toEqual([token, 'the keychain']);
    expect(readFileSync(file, 'utf8')).not.toContain('mng_');
    const shown = readFileSync(join(home, 'arguments'), 'utf8');
    expect(shown).toMatch(/^store --label=MCPNest gateway token service mcpnest account [0-9a-f]{64}$/m);
    expect(shown).not.toContain('mng_');
    expect(readFileSync(join(home, 'environment'), 'utf8')).not.toContain('mnk_');
    expect(await found(store, other)).toBeUndefined();
    expect([await store.forget(url), await store.forget(url)]).toEqual([true, false]);
    expect(await found(store)).toBeUndefined();
  });
});

describe('the environment', () => {
  it('comes first, as a value or a file, and need not fit a server', async () => {
    const token = mintToken('mng_');
    installSecretTool();
    await openTokenStore(environment(), 'linux').store(url, new Secret(mintToken('mng_')));
    const given = openTokenStore(environment({ MCPNEST_TOKEN: token, DATABASE_URL: 'mysql://elsewhere' }), 'linux');
    expect(await found(given)).toEqual([token, 'MCPNEST_TOKEN']);
    const file = join(home, 'token');
    writeFileSync(file, `${token}\n`);
    expect((await found(openTokenStore(environment({ MCPNEST_TOKEN_FILE: file }), 'linux')))?.[0]).toBe(token);
    const gone = openTokenStore(environment({ MCPNEST_TOKEN_FILE: `${file}-gone` }), 'linux');
    await expect(gone.find(url)).rejects.toThrow('cannot be read');
    expect(existsSync(`${file}-gone`)).toBe(false);
  });

  it('[TOK-04] what is no gateway token is refused without being repeated', () => {
    const key = mintToken('mnk_');
    expect(() => gatewayToken(key)).toThrow(/^That is a control key \(mnk_…\)/);
    expect(() => gatewayToken('hunter2')).toThrow(/^That is no gateway token(?!.*hunter2)/);
  });
});
