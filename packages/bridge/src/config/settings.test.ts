import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readListenAddress, readSettings } from './settings.ts';
import { SettingsError } from './variables.ts';

const read = (more: Record<string, string> = {}) => readSettings({ MCP_COMMAND: 'npx -y server', ...more });

describe('settings', () => {
  it('[BRG-01] listen on 8080 of loopback and take a command, if nothing else is said', () => {
    const { child, serve } = read();
    expect(child).toMatchObject({ command: 'npx', args: ['-y', 'server'], env: {}, era: 'legacy' });
    expect(serve).toMatchObject({ host: '127.0.0.1', port: 8080, token: undefined, sessions: 'shared' });
    expect(serve.allowedHosts).toContain('localhost');
  });

  it('take any Host where the address is not loopback, unless some are named', () => {
    expect(read({ MCP_BRIDGE_HOST: '0.0.0.0' }).serve.allowedHosts).toBeUndefined();
    const named = { MCP_BRIDGE_HOST: '0.0.0.0', MCP_BRIDGE_ALLOWED_HOSTS: 'Bridge.internal, b' };
    expect(read(named).serve.allowedHosts).toEqual(['bridge.internal', 'b']);
  });

  it('name every problem at once, and no value', () => {
    const wrong = {
      MCP_COMMAND: "x 'y",
      MCP_BRIDGE_PORT: '99999',
      MCP_BRIDGE_SESSIONS: 'many',
      MCP_BRIDGE_TOKEN: 'short-secret',
      MCP_BRIDGE_MAX_LINE_BYTES: '1e9',
      MCP_BRIDGE_PASS_ENV: 'NOT_THERE,MCP_BRIDGE_TOKEN',
      MCP_BRIDGE_HOTS: 'x',
      'MCP_ENV_A-B': 'x',
      MCP_ENV_: 'x',
    };
    let message = '';
    try {
      readSettings(wrong);
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      message = (error as SettingsError).message;
    }
    expect(message.split('\n').map((line) => line.split(' ', 1)[0])).toEqual([
      'MCP_COMMAND',
      'MCP_BRIDGE_PASS_ENV',
      'MCP_BRIDGE_PASS_ENV',
      'MCP_ENV_A-B',
      'MCP_ENV_',
      'MCP_BRIDGE_PORT',
      'MCP_BRIDGE_TOKEN',
      'MCP_BRIDGE_SESSIONS',
      'MCP_BRIDGE_MAX_LINE_BYTES',
      'MCP_BRIDGE_HOTS',
    ]);
    expect(message).not.toContain('short-secret');
  });

  it('[edge 78] give the child what is ordinary, what is named and what is its own', () => {
    const { child, secrets } = read({
      PATH: '/bin',
      HOME: '/home/x',
      NODE_OPTIONS: '--inspect',
      AWS_SECRET_ACCESS_KEY: 'not for the child',
      REGION: 'eu',
      MCP_BRIDGE_PASS_ENV: 'REGION',
      MCP_ENV_API_KEY: 'k-1234567',
      MCP_ENV_HOME: '/workspace',
      MCP_BRIDGE_TOKEN: 'a-token-of-some-length',
    });
    expect(child.env).toEqual({ PATH: '/bin', HOME: '/workspace', REGION: 'eu', API_KEY: 'k-1234567' });
    expect(secrets).toMatchObject({ API_KEY: 'k-1234567', MCP_BRIDGE_TOKEN: 'a-token-of-some-length' });
  });

  it('are all in the README, and nothing else is', () => {
    const file = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
    const names = (text: string): string[] =>
      [...new Set(text.match(/\bMCP_(BRIDGE_[A-Z_]+[A-Z]|COMMAND)\b/g))].toSorted();
    expect(names(file('../../README.md'))).toEqual(names(file('./settings.ts')));
  });

  it('[BRG-10] tell the health check where to look without a command', () => {
    expect(readListenAddress({ MCP_BRIDGE_PORT: '9' })).toEqual({ host: '127.0.0.1', port: 9 });
    expect(() => readListenAddress({ MCP_BRIDGE_PORT: 'x' })).toThrow(SettingsError);
  });
});
