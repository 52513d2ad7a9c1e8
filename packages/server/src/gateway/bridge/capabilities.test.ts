import { expect, it } from 'vitest';
import { scanJson } from '../../platform/json/scan.ts';
import { clientLimits } from '../message.ts';
import { noCapabilities, readCapabilities, type ClientCapabilities } from '../client-capabilities.ts';
import { declaredUpstream, requires } from './capabilities.ts';

function declares(text: string): ClientCapabilities {
  const bytes = Buffer.from(text);
  return readCapabilities(bytes, scanJson(bytes, clientLimits));
}

it.each([
  ['{}', '{}'],
  ['{"elicitation":{}}', '{"elicitation":{}}'],
  ['{"elicitation":{"form":{}}}', '{"elicitation":{"form":{}}}'],
  ['{"elicitation":{"url":{}, "form":{"x":1}}}', '{"elicitation":{"form":{},"url":{}}}'],
  ['{"roots":{"listChanged":true}}', '{"roots":{}}'],
  ['{"sampling":{"tools":{}}, "experimental":{"x":1}}', '{"sampling":{"tools":{}}}'],
  [
    '{"extensions":{"com.example/other":{},"io.modelcontextprotocol/ui":{"mimeTypes":["text/html"]}}}',
    '{"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html"]}}}',
  ],
  ['{"extensions":{"com.example/other":{}}}', '{}'],
])('[edge 61] declares upstream what is relayed of %s', (declared, relayed) => {
  expect(declaredUpstream(declares(declared))).toBe(relayed);
});

const all = declares('{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}}');
const url = '{"mode":"url","message":"m","url":"https://a.example"}';

it.each([
  ['elicitation/create', '{"message":"m"}', { elicitation: { form: {} } }],
  ['elicitation/create', url, { elicitation: { url: {} } }],
  ['sampling/createMessage', '{"messages":[]}', { sampling: {} }],
  ['sampling/createMessage', '{"messages":[],"tools":[]}', { sampling: { tools: {} } }],
  ['roots/list', '{}', { roots: {} }],
])('[edge 46] %s %s needs its capability', (method, params, missing) => {
  expect(requires({ method, params }, noCapabilities)).toEqual({ kind: 'missing', missing });
  expect(requires({ method, params }, all)).toEqual({ kind: 'granted' });
});

it('[edge 46] a form is no link: who declared forms alone is asked for nothing else', () => {
  const form = declares('{"elicitation":{}}');
  expect(requires({ method: 'elicitation/create', params: '{"message":"m"}' }, form).kind).toBe('granted');
  expect(requires({ method: 'elicitation/create', params: url }, form).kind).toBe('missing');
  // The same text, written otherwise.
  const written = '{"mode":"\\u0075rl","url":"https://a.example","message":"m"}';
  expect(requires({ method: 'elicitation/create', params: written }, form).kind).toBe('missing');
});

it('anything else is asked of no client', () => {
  for (const method of ['tools/call', 'elicitation/complete', '', 'ping'])
    expect(requires({ method, params: '{}' }, all).kind).toBe('unknown');
  expect(requires({ method: 'roots/list', params: '[]' }, all).kind).toBe('unknown');
});
