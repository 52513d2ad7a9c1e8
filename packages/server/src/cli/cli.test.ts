import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { buildControl } from '../build.ts';
import type { Io } from './io.ts';
import { run } from './run.ts';

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-cli-'));
  data = join(dir, 'data');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly json: Record<string, unknown>;
}

async function mcpnest(
  args: readonly string[],
  more: { input?: string; env?: Record<string, string>; answer?: string } = {},
): Promise<Ran> {
  let [out, err] = ['', ''];
  const io: Io = {
    environment: { MCPNEST_DATA_DIR: data, ...more.env },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => more.input ?? '',
    interactive: more.answer !== undefined,
    ask: async () => more.answer!,
    askSecret: async () => more.answer!,
    streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
  };
  const code = await run(args, io);
  return {
    code,
    out,
    err,
    get json() {
      return JSON.parse(out) as Record<string, unknown>;
    },
  };
}

const bootstrapped = async () =>
  (await mcpnest(['bootstrap', '--json', '--workspace', 'acme', '--email', 'ada@example.com'])).json;

describe('bootstrap', () => {
  it('makes a private data folder and prints exactly the agreed fields', async () => {
    const ran = await mcpnest(['bootstrap', '--json']);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.json).toEqual({
      url: 'http://127.0.0.1:8420',
      workspace: 'default',
      ownerEmail: 'owner@mcpnest.internal',
      apiKey: expect.stringMatching(/^mnk_[0-9a-f]{48}$/) as string,
      workspaceToken: expect.stringMatching(/^mng_[0-9a-f]{48}$/) as string,
    });
    expect(statSync(data).mode & 0o077).toBe(0);
  });

  it('[NEW-11] leaves an owner who finishes the set-up with a link', async () => {
    await bootstrapped();
    const ran = await mcpnest(['setup', 'link', '--json']);
    expect(ran.json).toEqual({
      link: expect.stringMatching(/^http:\/\/localhost:8420\/setup#k=[\w-]{43}$/) as string,
      expiresAt: expect.any(String) as string,
    });
  });

  it('is refused the second time, with the remedy and without new secrets', async () => {
    await bootstrapped();
    const again = await mcpnest(['bootstrap', '--json']);
    expect([again.code, again.out]).toEqual([5, '']);
    expect(again.err).toContain('mcpnest key issue');
    expect(again.err).not.toMatch(/mn[gk]_[0-9a-f]/);
  });
});

describe('one code path, two modes', () => {
  it('works on the data folder as local-cli and over HTTP as the person of the key', async () => {
    const { apiKey } = await bootstrapped();
    const { config, secrets } = loadConfig({ MCPNEST_DATA_DIR: data });
    await using local = await buildControl(config, secrets);
    const server = createServer((req, res) => {
      const headers = new Headers({ ...(req.headers as Record<string, string>), host: '127.0.0.1:8420' });
      const answer = async () => {
        const sent = await text(req);
        const request = new Request(`http://127.0.0.1:8420${req.url!}`, {
          method: req.method!,
          headers,
          body: sent === '' ? null : sent,
        });
        const answered = await local.control.fetch(request, { remoteAddress: '127.0.0.1' });
        res.writeHead(answered.status, Object.fromEntries(answered.headers)).end(await answered.text());
      };
      void answer();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const env = {
      MCPNEST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      MCPNEST_API_KEY: String(apiKey),
    };
    try {
      expect((await mcpnest(['server', 'add', 'One', '--url', 'https://one.example.com/mcp'])).code).toBe(0);
      expect((await mcpnest(['server', 'add', 'Two', '--url', 'https://two.example.com/mcp'], { env })).code).toBe(0);
      const remote = await mcpnest(['audit', 'list', '--action', 'servers.create', '--json'], { env });
      expect(remote.json.items).toMatchObject([{ actorEmail: 'ada@example.com' }, { actor: 'local-cli' }]);
      expect((await mcpnest(['audit', 'list', '--action', 'servers.create', '--json'])).out).toBe(remote.out);
      const wrong = await mcpnest(['server', 'list'], { env: { ...env, MCPNEST_API_KEY: `mnk_${'0'.repeat(48)}` } });
      expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('not valid')]);
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
    const gone = await mcpnest(['server', 'list'], { env });
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('mcpnest start')]);
  });

  it('takes the key from a file and refuses a URL without a key', async () => {
    writeFileSync(join(dir, 'key'), `mnk_${'0'.repeat(48)}\n`);
    const env = { MCPNEST_URL: 'http://127.0.0.1:1', MCPNEST_API_KEY_FILE: join(dir, 'key') };
    expect((await mcpnest(['network', 'list'], { env })).err).toContain('cannot be reached');
    const noKey = await mcpnest(['network', 'list'], { env: { MCPNEST_URL: 'http://127.0.0.1:1' } });
    expect([noKey.code, noKey.err]).toEqual([2, expect.stringContaining('MCPNEST_API_KEY')]);
  });
});

describe('a credential', () => {
  it.each([
    ['standard input', ['--bearer-stdin'], { input: 'canary-77\n' }, 'authorization'],
    ['an environment variable', ['--bearer-env', 'UPSTREAM'], { env: { UPSTREAM: 'canary-77' } }, 'authorization'],
    ['environment variables', ['--header-env', 'X-Key=UPSTREAM'], { env: { UPSTREAM: 'canary-77' } }, 'x-key'],
    ['lines of input', ['--header-file', '-'], { input: 'X-Key: canary-77\n\nX-Other: b\n' }, 'x-key, x-other'],
  ])('[GW-11] is read from %s and printed nowhere', async (_, options, more, names) => {
    await bootstrapped();
    await mcpnest(['server', 'add', 'One', '--url', 'https://one.example.com/mcp']);
    const ran = await mcpnest(['server', 'credential', 'set', 'one', ...options], more);
    expect([ran.code, ran.out]).toEqual([0, expect.stringMatching(new RegExp(`credential: ${names}\n`))]);
    expect(ran.out + ran.err).not.toContain('canary');
    const bad = await mcpnest(['server', 'credential', 'set', 'one', '--header-file', '-'], {
      input: 'canary-without-colon',
    });
    expect([bad.code, bad.err]).toEqual([2, expect.not.stringContaining('canary')]);
  });

  it('must come from exactly one source', async () => {
    await bootstrapped();
    await mcpnest(['server', 'add', 'One', '--url', 'https://one.example.com/mcp']);
    expect((await mcpnest(['server', 'credential', 'set', 'one'])).code).toBe(2);
    expect((await mcpnest(['server', 'credential', 'set', 'one', '--bearer-env', 'NOPE'])).err).toContain(
      "'NOPE' is not set",
    );
  });
});

describe('behaviour', () => {
  it('gives every kind of refusal its own exit code', async () => {
    await bootstrapped();
    const add = ['server', 'add', 'One', '--url', 'https://one.example.com/mcp'];
    expect((await mcpnest(add)).code).toBe(0);
    expect((await mcpnest(add)).code).toBe(5);
    expect((await mcpnest(['server', 'show', 'nope'])).code).toBe(4);
    expect((await mcpnest(['server', 'show', 'no_slug'])).code).toBe(2);
    expect((await mcpnest(['server', 'add', 'Two'])).code).toBe(2);
    expect((await mcpnest(['nonsense'])).code).toBe(2);
    expect((await mcpnest(['server'])).code).toBe(2);
    expect((await mcpnest(['server', 'list', '--nonsense'])).code).toBe(2);
    expect((await mcpnest(['--help'])).code).toBe(0);
    expect((await mcpnest(['server', 'add', '--help'])).out).toContain('--prefix');
    expect((await mcpnest(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await mcpnest(['server', 'list'], { env: { MCPNEST_PORTT: '1' } })).code).toBe(2);
  });

  it('asks before destroying only at a terminal, and otherwise wants --yes', async () => {
    await bootstrapped();
    await mcpnest(['server', 'add', 'One', '--url', 'https://one.example.com/mcp']);
    expect(await mcpnest(['server', 'remove', 'one'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes') as string,
    });
    expect((await mcpnest(['server', 'remove', 'one'], { answer: 'n' })).code).toBe(2);
    expect((await mcpnest(['server', 'show', 'one'])).code).toBe(0);
    expect((await mcpnest(['server', 'remove', 'one'], { answer: 'y' })).code).toBe(0);
    expect((await mcpnest(['server', 'show', 'one'])).code).toBe(4);
  });

  it('prints a new token alone on standard output', async () => {
    await bootstrapped();
    const ran = await mcpnest(['token', 'issue', '--label', 'ci', '--expires-in-days', '3']);
    expect(ran.out).toMatch(/^mng_[0-9a-f]{48}\n$/);
    expect(ran.err).toContain('shown this once');
    expect((await mcpnest(['token', 'list'])).out).not.toContain(ran.out.trim());
  });

  it('wants to know the workspace only when there are several', async () => {
    await bootstrapped();
    expect((await mcpnest(['server', 'list'])).code).toBe(0);
    await mcpnest(['workspace', 'create', 'Other']);
    expect(await mcpnest(['server', 'list'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('acme | other') as string,
    });
    expect((await mcpnest(['server', 'list', '--workspace', 'other'])).out).toBe('(none)\n');
  });

  it('lets no text from elsewhere move the cursor of the terminal', async () => {
    await bootstrapped();
    await mcpnest(['network', 'allow', '127.0.0.1:9101', '--note', 'a\u001b[2Jb\u0007']);
    const { out } = await mcpnest(['network', 'list']);
    expect(out).toContain('ab');
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('doctor finds a data folder that others can read, and says the remedy', async () => {
    expect(await mcpnest(['doctor'])).toMatchObject({ code: 0 });
    mkdirSync(data, { mode: 0o755 });
    writeFileSync(join(data, 'other'), '');
    expect(await mcpnest(['doctor'])).toMatchObject({
      code: 1,
      out: expect.stringContaining(`chmod 700 ${data}`) as string,
    });
  });

  it('prints the OpenAPI document', async () => {
    const { json } = await mcpnest(['openapi']);
    expect(json).toMatchObject({
      openapi: '3.1.1',
      paths: { '/api/v1/workspaces': { post: { operationId: 'workspaces.create' } } },
    });
  });
});

it('runs as a process, ends by itself and survives a reader that stops reading', async () => {
  const bin = fileURLToPath(new URL('../../bin/mcpnest.mjs', import.meta.url));
  const child = spawn(process.execPath, [bin, 'openapi'], {
    env: { PATH: process.env.PATH, MCPNEST_DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((ended) => child.once('exit', ended));
  expect([code, err]).toEqual([0, '']);
});

describe('rules and access', () => {
  const governed = async () => {
    await bootstrapped();
    await mcpnest(['server', 'add', 'github', '--url', 'https://github.example.com/mcp']);
    await mcpnest(['member', 'add', 'cy@example.com']);
  };

  it('[L2-02] rules are made, listed, changed, deleted, and cleared as a list', async () => {
    await governed();
    const made = await mcpnest(['rules', 'allow', 'github:a', 'github:b', '--for', 'member:cy@example.com', '--json']);
    const items = made.json.items as { id: string; expiresAt: string | null }[];
    expect(items.map((item) => typeof item.expiresAt)).toEqual(['string', 'string']);
    const kept = await mcpnest(['rules', 'update', items[0]!.id, '--no-expires', '--note', 'reads', '--json']);
    expect(kept.json).toMatchObject({ expiresAt: null, note: 'reads' });
    expect((await mcpnest(['rules', 'remove', items[1]!.id])).code).toBe(0);
    expect((await mcpnest(['rules', 'list', '--for', 'member:cy@example.com'])).out).toMatch(
      /allow +member:cy@example.com +github:a +- +reads/,
    );
    const deny = await mcpnest(['rules', 'deny', '*:@destructive', '--for', 'everybody', '--absolute']);
    expect(deny.out).toContain('deny (absolute)');
    expect((await mcpnest(['rules', 'set', 'cy@example.com'])).out).toBe('github:a\n');
    expect((await mcpnest(['rules', 'clear', 'cy@example.com'])).code).toBe(0);
    expect((await mcpnest(['rules', 'set', 'cy@example.com'])).out).toBe('(none)\n');
  });

  it('wrong words are refused with their own exit codes, and nothing is changed', async () => {
    await governed();
    const codeOf = async (...args: string[]) => (await mcpnest(args)).code;
    expect(await codeOf('rules', 'allow', 'github:a')).toBe(2);
    expect(await codeOf('rules', 'allow', 'nothing:a', '--for', 'everybody')).toBe(2);
    expect(await codeOf('rules', 'allow', 'github:a', '--for', 'everybody', '--absolute')).toBe(2);
    expect(await codeOf('rules', 'deny', 'github:a', '--for', 'team:none')).toBe(2);
    expect(await codeOf('rules', 'remove', '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11')).toBe(4);
    expect(await codeOf('rules', 'simulate')).toBe(2);
    expect(await codeOf('rules', 'simulate', '--preset', 'maybe')).toBe(2);
    expect(await codeOf('rules', 'unused', '--proposal')).toBe(2);
    expect(await codeOf('workspace', 'update', '--enforcement', 'perhaps')).toBe(2);
    expect(await codeOf('server', 'classify', 'github', 'a=harmless')).toBe(2);
    expect(await codeOf('access', 'explain')).toBe(2);
    expect(await codeOf('access', 'requests', '--state', 'lost')).toBe(2);
    expect((await mcpnest(['rules', 'import', '-'], { input: 'not json' })).err).toContain('rules export');
    expect((await mcpnest(['rules', 'list'])).out).toBe('(none)\n');
  });

  it('[NEW-10] a request goes from its member to an admin and comes back as a rule that ends', async () => {
    await governed();
    await mcpnest(['rules', 'set', 'cy@example.com', 'github:a']);
    const { config, secrets } = loadConfig({ MCPNEST_DATA_DIR: data });
    await using local = await buildControl(config, secrets);
    const issued = await mcpnest([
      'key',
      'issue',
      '--email',
      'cy@example.com',
      '--role',
      'member',
      '--label',
      'k',
      '--workspace',
      'acme',
    ]);
    const ask = new Request('http://127.0.0.1:8420/api/v1/workspaces/acme/access-requests', {
      method: 'POST',
      headers: { authorization: `Bearer ${issued.out.trim()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ object: 'github:b', reason: 'to release' }),
    });
    const asked = (await (await local.control.fetch(ask, { remoteAddress: '127.0.0.1' })).json()) as { id: string };
    expect((await mcpnest(['access', 'requests', '--state', 'pending'])).out).toContain('to release');
    expect((await mcpnest(['access', 'grant', asked.id, '--days', '1', '--json'])).json).toMatchObject({
      state: 'granted',
    });
    expect((await mcpnest(['access', 'refuse', asked.id, '--reason', 'late'])).code).toBe(5);
    const why = await mcpnest(['access', 'explain', '--member', 'cy@example.com', '--tool', 'github:b']);
    expect(why.out).toContain('The rule to allow member:cy@example.com github:b decides.');
    expect(why.out).toContain('Who can change it: ada@example.com');
    expect((await mcpnest(['server', 'tools', 'github'])).out).toBe('(none)\n');
    expect((await mcpnest(['workspace', 'show'])).out).toContain('recommended: --preset strict');
  });
});

describe('stops and drills', () => {
  it('[NEW-14] stop and lift, drill and report', async () => {
    await bootstrapped();
    await mcpnest(['server', 'add', 'github', '--url', 'https://mcp.example.com/mcp']);
    for (const target of [
      ['server', 'github'],
      ['tool', 'github', 'delete_repo'],
      ['member', 'ada@example.com'],
    ])
      expect((await mcpnest(['stop', ...target, '--reason', 'it loops', '--minutes', '5'])).code).toBe(0);
    const { items } = (await mcpnest(['stop', 'list', '--json'])).json as { items: { id: string; target: string }[] };
    expect(items.map(({ target }) => target)).toEqual([
      'server:github',
      'tool:github:delete_repo',
      'member:ada@example.com',
    ]);
    for (const { id } of items) expect((await mcpnest(['stop', 'lift', id])).code).toBe(0);
    expect((await mcpnest(['stop', 'list'])).out).toBe('(none)\n');
    expect((await mcpnest(['stop', 'server', 'github'])).code).toBe(2);
    expect((await mcpnest(['stop', 'server', 'missing', '--reason', 'x'])).code).toBe(4);
    expect((await mcpnest(['drill', 'start', 'github', '--seconds', '30'])).out).toMatch(/running\s+0\s+nobody/);
    expect((await mcpnest(['drill', 'start', 'github'])).code).toBe(5);
    expect((await mcpnest(['drill', 'stop', 'github'])).code).toBe(0);
    expect((await mcpnest(['drill', 'report', 'github'])).out).toMatch(/ended\s+0\s+nobody/);
  });

  it('[NEW-12] set a replay guard', async () => {
    await bootstrapped();
    await mcpnest(['server', 'add', 'github', '--url', 'https://mcp.example.com/mcp', '--replay-guard', 'off']);
    const edit = (...options: string[]) => mcpnest(['server', 'edit', 'github', ...options, '--json']);
    const edited = await edit('--replay-guard', 'always', '--replay-guard', 'a=off', '--replay-window', '60');
    expect(edited.json['replayGuard']).toEqual({
      mode: 'always',
      windowSeconds: 60,
      tools: [{ tool: 'a', mode: 'off' }],
    });
    expect((await edit('--replay-guard', 'sometimes')).code).toBe(2);
  });
});

describe('what is kept', () => {
  it('[AUD-03] shows and sets terms, holds records and erases a person, each by name', async () => {
    await bootstrapped();
    expect((await mcpnest(['audit', 'retention', 'show'])).out).toContain('90 days');
    expect((await mcpnest(['audit', 'retention', 'set', '30'])).code).toBe(2);
    const shorter = await mcpnest(['audit', 'retention', 'set', '30', '--yes', '--json']);
    expect(shorter.json).toMatchObject({ days: 30, daysInForce: 90, shortening: { calls: 0 } });
    expect((await mcpnest(['audit', 'retention', 'set', '365'])).out).toMatch(/calls are kept: +365 days/);

    await mcpnest(['member', 'add', 'cy@example.com']);
    const asked = await mcpnest(['audit', 'hold', 'request', 'Case 12', '--reason', 'x', '--scope', 'server:none']);
    expect(asked.code).toBe(4);
    const { id } = (await mcpnest(['audit', 'hold', 'request', 'Case 12', '--reason', 'x', '--json'])).json;
    expect((await mcpnest(['audit', 'hold', 'confirm', String(id)])).code).toBe(3);
    expect((await mcpnest(['audit', 'hold', 'list'])).out).toMatch(/Case 12 +requested +workspace/);
    const release = await mcpnest(['audit', 'hold', 'release', String(id), '--reason', 'x']);
    expect(release.code).toBe(5);
    expect((await mcpnest(['audit', 'hold', 'confirm-release', String(id)])).code).toBe(5);
    const held = await mcpnest(['people', 'erase', 'cy@example.com', '--dry-run']);
    expect([held.code, held.err]).toEqual([5, expect.stringContaining('legal hold') as string]);
  });

  it('[AUD-03] erases nobody whose id is not repeated', async () => {
    await bootstrapped();
    await mcpnest(['member', 'add', 'cy@example.com']);
    const erase = ['people', 'erase', 'cy@example.com'];
    const { id } = (await mcpnest([...erase, '--dry-run', '--json'])).json;
    for (const more of [[], ['--confirm', 'cy@example.com']]) expect((await mcpnest([...erase, ...more])).code).toBe(2);
    expect((await mcpnest(erase, { answer: 'yes' })).code).toBe(2);
    const done = await mcpnest([...erase, '--workspace', 'acme', '--json'], { answer: String(id) });
    expect(done.json).toMatchObject({ erased: true, directory: true, memberships: 1 });
    expect((await mcpnest(erase)).code).toBe(4);
    expect((await mcpnest(['member', 'list'])).out).not.toContain('cy@example.com');
  });
});
