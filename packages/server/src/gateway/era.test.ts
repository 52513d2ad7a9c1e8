import { describe, expect, it } from 'vitest';
import { metaKey, newestModern, rpcCode, supportedVersions } from '../domain/protocol.ts';
import { decodeHeaderValue, encodeHeaderValue } from '../platform/header-value.ts';
import { decideEra } from './era.ts';
import { readMessage } from './message.ts';
import { readHead } from './request-head.ts';
import { RpcError } from './rpc-error.ts';

const modernMeta = { [metaKey.protocolVersion]: newestModern, [metaKey.clientCapabilities]: {} };
const modernHeaders = { 'mcp-protocol-version': newestModern, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
const message = (params: object, method = 'tools/call'): ReturnType<typeof readMessage> =>
  readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })));
const code = (headers: Record<string, string>, params: object, method?: string): number | string => {
  try {
    return decideEra(readHead(Object.entries(headers).flat()), message(params, method)).kind;
  } catch (error) {
    if (error instanceof RpcError) return error.code;
    throw error;
  }
};

describe('decideEra', () => {
  it('[GW-01] takes a request without any claim as bare', () => {
    expect(code({}, { name: 'echo' })).toBe('bare');
    expect(code({ 'mcp-method': 'something/else' }, { name: 'echo' })).toBe('bare');
  });

  it('takes initialize and session messages as legacy', () => {
    expect(code({}, {}, 'initialize')).toBe('legacy');
    expect(code({ 'mcp-session-id': 'x', 'mcp-protocol-version': '2025-06-18' }, { name: 'echo' })).toBe('legacy');
  });

  it('takes a self-describing request as modern when every mirror agrees', () => {
    expect(code(modernHeaders, { name: 'echo', _meta: modernMeta })).toBe('modern');
    expect(code({ ...modernHeaders, 'mcp-name': '=?base64?ZWNobw==?=' }, { name: 'echo', _meta: modernMeta })).toBe(
      'modern',
    );
  });

  it.each([
    ['no version header', { 'mcp-protocol-version': undefined }],
    ['another version in the header', { 'mcp-protocol-version': '2025-11-25' }],
    ['no method header', { 'mcp-method': undefined }],
    ['another method in the header', { 'mcp-method': 'tools/list' }],
    ['the method in another case', { 'mcp-method': 'TOOLS/CALL' }],
    ['no name header', { 'mcp-name': undefined }],
    ['another name in the header', { 'mcp-name': 'delete' }],
    ['the name twice', { 'mcp-name': 'echo, echo' }],
  ])('refuses %s as a header mismatch', (_, change) => {
    const headers = Object.fromEntries(
      Object.entries({ ...modernHeaders, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(code(headers as Record<string, string>, { name: 'echo', _meta: modernMeta })).toBe(rpcCode.headerMismatch);
  });

  it('refuses a modern header without the _meta it promises', () => {
    expect(code(modernHeaders, { name: 'echo' })).toBe(rpcCode.invalidParams);
    expect(code(modernHeaders, { name: 'echo', _meta: { [metaKey.protocolVersion]: newestModern } })).toBe(
      rpcCode.invalidParams,
    );
  });

  it('names every served version when it does not know the one asked for', () => {
    const meta = { ...modernMeta, [metaKey.protocolVersion]: '2031-01-01' };
    const headers = { ...modernHeaders, 'mcp-protocol-version': '2031-01-01' };
    expect(code(headers, { name: 'echo', _meta: meta })).toBe(rpcCode.unsupportedVersion);
    expect(code({ 'mcp-protocol-version': '2020-01-01' }, {}, 'tools/list')).toBe(rpcCode.unsupportedVersion);
    try {
      decideEra(readHead(Object.entries(headers).flat()), message({ name: 'echo', _meta: meta }));
    } catch (error) {
      expect((error as RpcError).data).toEqual({ supported: supportedVersions, requested: '2031-01-01' });
    }
  });
});

it('encodes header values that are not plain visible ASCII, and back', () => {
  for (const value of ['echo', 'a b', ' lead', 'trail ', 'é', '', '=?base64?x?=', 'tab\t']) {
    const header = encodeHeaderValue(value);
    expect(header).toMatch(/^[\x20-\x7e]*$/);
    expect(decodeHeaderValue(header)).toBe(value);
  }
  expect(encodeHeaderValue('echo')).toBe('echo');
});
