import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSecretsDocument, secretArguments, type SecretsDocument } from './secrets-document.ts';
import { readSettings } from './settings.ts';
import { SettingsError } from './variables.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpnest-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const whole: SecretsDocument = {
  command: ['node', '/opt/server.js', 'it\'s $HOME; "one" word', ''],
  env: { API_KEY: 'canary-8c41d2', EMPTY: '' },
  token: 'token-of-the-instance',
};

function read(content: string | Buffer): Promise<SecretsDocument> {
  const file = join(folder, 'document');
  writeFileSync(file, content);
  return readSecretsDocument(file);
}

async function refusal(content: string | Buffer): Promise<string> {
  const error: unknown = await read(content).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SettingsError);
  return (error as SettingsError).message;
}

describe('the document of secrets', () => {
  it('[BRG-02] is the command as it stands, variables and a token', async () => {
    expect(await read(JSON.stringify(whole))).toEqual(whole);
    expect(await read(`${JSON.stringify(whole)}\nwhat follows is not read`)).toEqual(whole);
  });

  it.each([
    ['nothing', '', /no JSON document/],
    ['half of it', '{"command":["canary-8c41d2"', /no JSON document/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /no JSON document/],
    ['a list', '["canary-8c41d2"]', /no JSON object/],
    ['a further member', JSON.stringify({ ...whole, image: 'canary-8c41d2' }), /members besides/],
    ['a command line', JSON.stringify({ ...whole, command: 'node canary-8c41d2' }), /no command/],
    ['an empty command', JSON.stringify({ ...whole, command: [] }), /no command/],
    ['a program without a name', JSON.stringify({ ...whole, command: ['', 'canary-8c41d2'] }), /no command/],
    ['a NUL among the arguments', JSON.stringify({ ...whole, command: ['node', 'canary-8c41d2\0'] }), /no command/],
    ['no variables', JSON.stringify({ command: whole.command, token: whole.token }), /no env/],
    ['a number for a variable', JSON.stringify({ ...whole, env: { KEY: 1 } }), /for KEY something else/],
    ['a name that is none', JSON.stringify({ ...whole, env: { 'canary-8c41d2': 'x' } }), /a name that is not/],
    ['a setting of the bridge', JSON.stringify({ ...whole, env: { MCP_BRIDGE_HOST: 'x' } }), /is a setting of/],
    ['no token', JSON.stringify({ command: whole.command, env: {} }), /no token/],
    ['too much', JSON.stringify({ ...whole, env: { BIG: 'canary-8c41d2'.repeat(25_000) } }), /more than 262144 bytes/],
  ])('is refused when it is %s, and not shown', async (_, content, reason) => {
    const message = await refusal(content);
    expect(message).toMatch(/^MCP_BRIDGE_SECRETS /);
    expect(message).toMatch(reason);
    expect(message).not.toContain('canary-8c41d2');
  });

  it('is refused when there is no such file, and when its writer takes too long', async () => {
    await expect(readSecretsDocument(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
    await expect(readSecretsDocument('stdin', 20)).rejects.toThrow(/within 0\.02 s|no JSON document/);
  });

  it('takes the place of the variables, and bears none beside it', () => {
    const settings = readSettings({ PATH: '/bin', MCP_ENV_MODE: 'x', MCP_BRIDGE_SECRETS: 'stdin' }, whole);
    expect(settings.child).toMatchObject({ command: 'node', args: whole.command.slice(1) });
    expect(settings.child.env).toEqual({ PATH: '/bin', MODE: 'x', ...whole.env });
    expect(settings.serve.token).toBe(whole.token);
    expect(settings.secrets).toMatchObject({ API_KEY: 'canary-8c41d2', MCP_BRIDGE_TOKEN: whole.token });

    const both = { MCP_COMMAND: 'x', MCP_BRIDGE_TOKEN: 'y'.repeat(16), MCP_ENV_API_KEY: 'z' };
    expect(() => readSettings(both, whole)).toThrow(
      /^MCP_COMMAND must not be set beside.*\nMCP_BRIDGE_TOKEN must not be set beside.*\nMCP_BRIDGE_SECRETS and the environment both set API_KEY$/,
    );
    expect(() => readSettings({}, { ...whole, token: 'short' })).toThrow(/^MCP_BRIDGE_SECRETS has a token/);
  });
});

describe('arguments', () => {
  it('that carry a password are secrets, and the others are not', () => {
    const dsn = 'postgresql://reader:p%40ss-word@db:5432/shop';
    expect(secretArguments(['node', '/opt/server.js', dsn, 'https://example.com/a:b@c', '--to=x@y'])).toEqual({
      'argument 2': dsn,
      'password in argument 2': 'p%40ss-word',
    });
  });
});
