import { describe, expect, it } from 'vitest';
import { encodeHeader, paramHeaders } from './headers.ts';
import { McpFailure, readAnswer } from './read-answer.ts';

const answer = (text: string, type = 'application/json'): Response =>
  new Response(text, { headers: { 'content-type': type } });

describe('the answer to a request', () => {
  it('is read from JSON', async () => {
    const { result, error } = await readAnswer(answer('{"jsonrpc":"2.0","id":1,"result":{"a":1}}'));
    expect([result, error]).toEqual([{ a: 1 }, undefined]);
  });

  it('is the message with a result in an event stream, whatever was said before', async () => {
    const text =
      ': alive\n\ndata: {"method":"notifications/progress","params":{}}\n\nevent: message\r\ndata: {"id":1,\r\ndata: "error":{"code":428,"message":"m","data":{"approvalId":"x"}}}\r\n\r\n';
    const { error } = await readAnswer(answer(text, 'text/event-stream'));
    expect(error).toEqual({ code: 428, message: 'm', data: { approvalId: 'x' } });
  });

  it.each([
    ['a page', '<p>no</p>', 'text/html'],
    ['a stream that ends early', 'data: {"method":"x"}\n\n', 'text/event-stream'],
    ['a result that is none', '{"result":1}', 'application/json'],
  ])('is a failure for %s', async (_what, text, type) => {
    await expect(readAnswer(answer(text, type))).rejects.toThrow(McpFailure);
  });
});

describe('headers', () => {
  it('carry plain text as it is and anything else as base64', () => {
    expect(encodeHeader('list_issues')).toBe('list_issues');
    expect(encodeHeader('Zürich')).toBe('=?base64?WsO8cmljaA==?=');
    expect(encodeHeader(' a')).toBe('=?base64?IGE=?=');
    expect(encodeHeader('=?base64?YQ==?=')).toMatch(/^=\?base64\?PT9/);
  });

  it('repeat the arguments a tool asks for, and no others', () => {
    const schema = {
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        deep: { properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } },
        list: { type: 'array', 'x-mcp-header': 'List' },
        bad: { type: 'string', 'x-mcp-header': 'a b' },
      },
    };
    expect(paramHeaders(schema, { region: 'eu', deep: { n: 3 }, list: ['x'], bad: 'y', other: 1 })).toEqual({
      'mcp-param-Region': 'eu',
      'mcp-param-N': '3',
    });
    expect(paramHeaders(schema, { region: null })).toEqual({});
  });
});
