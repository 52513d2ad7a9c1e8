import { expect, it } from 'vitest';
import { asReply, readMessage } from '../upstreams/reply.ts';
import { readInputRequired, type InputRequired } from './input-required.ts';

const read = (result: object): InputRequired =>
  readInputRequired(asReply(readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 'i', result }))), 'i'));

it('takes what a client can be asked, under whatever key', () => {
  const roots = { method: 'roots/list' };
  const { requests, state } = read({ inputRequests: { constructor: roots, a: roots }, requestState: 's' });
  expect([...requests.keys()]).toEqual(['constructor', 'a']);
  expect(state?.text).toBe('s');
});

it.each([
  ['a method no client serves', { a: { method: 'evil/x', params: {} } }],
  ['no request', { a: 1 }],
  ['a list', [{ method: 'roots/list' }]],
  ['params that are no object', { a: { method: 'roots/list', params: [] } }],
])('refuses %s', (_, inputRequests) => {
  expect(() => read({ inputRequests })).toThrow(/in no form/);
});

it('[edge 45] refuses a state that would be too long to come back once it is sealed', () => {
  expect(read({ requestState: 'x'.repeat(64 * 1024 - 2) }).state).toBeDefined();
  for (const char of ['x', '€', '\u0001']) {
    expect(() => read({ requestState: char.repeat(64 * 1024) })).toThrow(/in no form/);
  }
});
