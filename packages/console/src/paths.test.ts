import { describe, expect, it } from 'vitest';
import { paths, safeReturn } from './paths.ts';

const origin = 'https://mcp.example.com';

describe('safeReturn', () => {
  it.each(['/', '/workspaces/acme/servers?text=a%2Fb#tools', '/account'])('follows %s', (path) => {
    expect(safeReturn(path, origin)).toBe(path);
  });

  it.each([
    null,
    '',
    'servers',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/a/..//evil.example',
    '/.//evil.example',
    '/sign-in?return=/account',
  ])('leads %j to the start', (path) => {
    expect(safeReturn(path, origin)).toBe('/');
  });
});

it('encodes every part that comes from data', () => {
  expect(paths.server('acme', '../../instance?x#y')).toBe('/workspaces/acme/servers/..%2F..%2Finstance%3Fx%23y');
  expect(paths.signIn('/a?b=c&d')).toBe('/sign-in?return=%2Fa%3Fb%3Dc%26d');
});
