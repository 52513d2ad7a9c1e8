import { expect, it } from 'vitest';
import { endpointOf } from './sse-channel.ts';

const base = new URL('https://mcp.example.com:8443/api/sse?key=1');

it.each([
  ['/messages?sessionId=1', '/messages?sessionId=1'],
  ['messages', '/api/messages'],
  ['https://mcp.example.com:8443/m', '/m'],
])('takes the endpoint %s of the same origin', (text, path) => {
  expect(endpointOf(text, base)).toBe(path);
});

it.each([
  'https://evil.example.com/m',
  '//evil.example.com/m',
  'https://mcp.example.com/m',
  'http://mcp.example.com:8443/m',
  'https://mcp.example.com:8443@evil.example.com/m',
  'https://user:secret@mcp.example.com:8443/m',
  '\\\\evil.example.com\\m',
  'javascript:alert(1)',
  `/${'x'.repeat(3_000)}`,
])('refuses the endpoint %s', (text) => {
  expect(() => endpointOf(text, base)).toThrow('not at the server');
});
