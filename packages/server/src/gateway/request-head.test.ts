import { describe, expect, it } from 'vitest';
import { readHead } from './request-head.ts';
import { RpcError } from './rpc-error.ts';

describe('the head of a request', () => {
  it('[edge 21] holds the fields that decide, whatever their case, and no others', () => {
    const raw = ['HOST', 'a', 'Accept', 'x', 'accept', 'y', 'Cookie', 'c', '__proto__', 'p', 'constructor', 'k'];
    expect(readHead(raw)).toEqual({ host: 'a', accept: 'x, y' });
    expect(Object.getPrototypeOf(readHead(raw))).toBe(Object.prototype);
    expect(readHead(['Mcp-Param-Region', 'eu', 'mcp-param-x', '1']).params).toEqual(
      new Map([
        ['region', 'eu'],
        ['x', '1'],
      ]),
    );
  });

  it('has each field in its place, and nothing of the request before', () => {
    const named = {
      host: 'host',
      origin: 'origin',
      authorization: 'authorization',
      accept: 'accept',
      contentType: 'content-type',
      contentEncoding: 'content-encoding',
      contentLength: 'content-length',
      userAgent: 'user-agent',
      sessionId: 'mcp-session-id',
      lastEventId: 'last-event-id',
      protocolVersion: 'mcp-protocol-version',
      method: 'mcp-method',
      name: 'mcp-name',
    };
    const all = Object.values(named).flatMap((name) => [name, `the ${name}`]);
    const expected = Object.fromEntries(Object.entries(named).map(([field, name]) => [field, `the ${name}`]));
    expect(readHead(all)).toEqual({ ...expected, params: undefined });
    expect(() => readHead([...all, ...all])).toThrow(RpcError);
    expect(readHead([])).toEqual({});
  });

  it.each([
    'host',
    'Origin',
    'authorization',
    'content-type',
    'content-encoding',
    'content-length',
    'mcp-session-id',
    'mcp-protocol-version',
    'mcp-method',
    'Mcp-Name',
    'mcp-param-region',
  ])('[edge 18] refuses %s twice', (name) => {
    for (const second of ['a', 'b', '']) {
      const twice = [name, 'a', 'x', 'y', name.toUpperCase(), second];
      expect(() => readHead(twice)).toThrow(RpcError);
      expect(() => readHead(['x', '', name, '', name, second])).toThrow('came twice');
    }
  });
});
