import { describe, expect, it } from 'vitest';
import { byteString, textOf } from './byte-string.ts';
import { readMessage, type RequestMessage, type ResponseMessage } from './message.ts';
import { forLegacyChild, forModernChild, forModernClient } from './translate.ts';

const request = (rest: string): RequestMessage =>
  readMessage(byteString(`{"jsonrpc":"2.0","id":1,"method":"x"${rest}}`)) as RequestMessage;
const response = (rest: string): ResponseMessage =>
  readMessage(byteString(`{"id":1,${rest},"jsonrpc":"2.0"}`)) as ResponseMessage;
const info = '"io.modelcontextprotocol/serverInfo":{"name":"é"}';
const answered = (rest: string, method = 'tools/call'): string =>
  textOf(forModernClient(response(rest), method, { name: 'é' }).text);

describe('[edge 60] requests', () => {
  it('lose for a legacy child what describes them, and nothing else', () => {
    const meta =
      '"_meta":{"a":1.0,"io.modelcontextprotocol/clientInfo":{"x":[{}]},"progressToken":9007199254740993,"io.modelcontextprotocol/logLevel":"debug"}';
    const out = textOf(forLegacyChild(request(`,"params":{ "z": 1E2,${meta},"b":{"_meta":2} }`)).text);
    expect(out).toBe(
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{ "z": 1E2,"_meta":{"a":1.0,"progressToken":9007199254740993},"b":{"_meta":2} }}',
    );
    const plain = request(',"params":{"_meta":{"a":1}}');
    expect(forLegacyChild(plain)).toBe(plain);
  });

  it.each(['', ',"params":{}', ',"params":{"name":"é"}', ',"params":{"_meta":{}}', ',"params":{"_meta":{"a":1.0}}'])(
    'are described for a modern child (%s)',
    (rest) => {
      const { params } = JSON.parse(textOf(forModernChild(request(rest)).text)) as { params: Record<string, object> };
      expect(params['_meta']).toMatchObject({
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      });
      if (rest.includes('é')) expect(params['name']).toBe('é');
      if (rest.includes('1.0')) expect(params['_meta']).toMatchObject({ a: 1 });
    },
  );
});

describe('[edge 59] answers of a legacy child get what a modern client expects', () => {
  it.each([
    ['"result":{}', `"result":{"resultType":"complete","_meta":{${info}}}`],
    [
      '"result":{"big":12345678901234567890}',
      `"result":{"resultType":"complete","_meta":{${info}},"big":12345678901234567890}`,
    ],
    ['"result":{"resultType":"task","_meta":{"a":1.0}}', `"result":{"resultType":"task","_meta":{${info},"a":1.0}}`],
    ['"result":{"resultType":"x","_meta":{}}', `"result":{"resultType":"x","_meta":{${info}}}`],
    ['"result":[1]', '"result":[1]'],
    ['"error":{"code":-32000,"message":"m"}', '"error":{"code":-32000,"message":"m"}'],
    ['"error":{"message":"m","code":-32002,"data":1.0}', '"error":{"message":"m","code":-32602,"data":1.0}'],
  ])('%s', (before, after) => {
    expect(answered(before)).toBe(`{"id":1,${after},"jsonrpc":"2.0"}`);
  });

  it('with caching hints where those are due, unless the child gave its own', () => {
    expect(answered('"result":{}', 'tools/list')).toContain('"ttlMs":0,"cacheScope":"private"');
    const own = answered('"result":{"ttlMs":5,"cacheScope":"public"}', 'tools/list');
    expect(own).toContain('"ttlMs":5,"cacheScope":"public"');
    expect(own).not.toContain('private');
  });
});
