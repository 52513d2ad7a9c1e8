import { expect, it } from 'vitest';
import { AppError } from '../domain/errors.ts';
import { readSessionCookie, sessionCookie } from './console-cookie.ts';

const secret = 's'.repeat(43);
const made = (origin: string | undefined, publicUrl: string, allowInsecure = false): string => {
  const headers = new Headers(origin === undefined ? {} : { origin });
  try {
    return sessionCookie(headers, { publicUrl: () => publicUrl, allowInsecure }, secret, 60).split('=', 1)[0]!;
  } catch (error) {
    if (error instanceof AppError && error.code === 'forbidden') return error.message;
    throw error;
  }
};

it.each([
  ['https://mcp.example.com', 'https://mcp.example.com', '__Host-mcpnest-session'],
  ['http://localhost:8420', 'http://127.0.0.1:8420', '__Host-mcpnest-session'],
  ['http://127.0.0.1:8420', 'http://127.0.0.1:8420', '__Host-mcpnest-session'],
  ['http://[::1]:8420', 'http://[::1]:8420', '__Host-mcpnest-session'],
  [undefined, 'http://127.0.0.1:8420', '__Host-mcpnest-session'],
  ['http://192.0.2.1:8420', 'http://127.0.0.1:8420', expect.stringContaining('needs https')],
  [undefined, 'http://mcp.example.com', expect.stringContaining('needs https')],
])('[NEW-11] a page at %s of a server at %s gets %s', (origin, publicUrl, expected) => {
  expect(made(origin, publicUrl)).toEqual(expected);
});

it('goes unencrypted only where somebody has said so, and is read only there', () => {
  expect(made('http://192.0.2.1:8420', 'http://192.0.2.1:8420', true)).toBe('mcpnest-session');
  const headers = new Headers({ cookie: `mcpnest-session=${secret}` });
  const publicUrl = () => 'http://192.0.2.1:8420';
  expect(readSessionCookie(headers, { publicUrl, allowInsecure: true })).toBe(secret);
  expect(readSessionCookie(headers, { publicUrl, allowInsecure: false })).toBeUndefined();
});

it.each(['', '__Host-mcpnest-session=', '__Host-mcpnest-session=short', `__Host-mcpnest-session=${'é'.repeat(43)}`])(
  'is not read from %s',
  (cookie) => {
    const headers = new Headers(cookie === '' ? {} : { cookie: cookie.replaceAll('é', '%') });
    expect(readSessionCookie(headers, { publicUrl: () => 'https://a.example', allowInsecure: false })).toBeUndefined();
  },
);
