import { describe, expect, it } from 'vitest';
import { readDefinitions, renamed, schemeOf } from './definitions.ts';
import { listForms } from './list-kinds.ts';

const read = (kind: keyof typeof listForms, ...texts: string[]) => readDefinitions(texts, listForms[kind]);

describe('readDefinitions', () => {
  it('[edge 63] keeps every byte but the one that tells an entry from others', () => {
    const prompt = '{"title" : "x\\u0041", "name":"p", "n":1.10, "arguments":[{"name":"a"},{"name":7},null]}';
    const [definition] = read('prompts', prompt).definitions;
    expect(renamed(definition!, 'one__p')).toBe(prompt.replace('"p"', '"one__p"'));
    expect([...definition!.declared.keys()]).toEqual(['a']);
    const resource = '{"size":12345678901234567890,"uri":"file:\\/\\/\\/a","name":"a"}';
    const [listed] = read('resources', resource).definitions;
    expect(listed!.name).toBe('file:///a');
    expect(renamed(listed!, 'mcpnest-one+file:///a')).toBe(
      '{"size":12345678901234567890,"uri":"mcpnest-one+file:///a","name":"a"}',
    );
  });

  it('leaves out what has no identity, a second time the same, or a URI too long to be a key', () => {
    const long = `x:${'é'.repeat(1_100)}`;
    const uris = ['"r:1"', '"r:1"', '""', 'null', JSON.stringify(long), '"r:2"'];
    const { definitions, dropped } = read('resources', ...uris.map((uri) => `{"uri":${uri}}`), '{}', '[]');
    expect(definitions.map(({ name }) => name)).toEqual(['r:1', 'r:2']);
    expect(dropped).toBe(6);
  });

  it('lists templates that cannot route, and makes only the others ready', () => {
    const { definitions } = read('templates', '{"uriTemplate":"db://{a}/{b}"}', '{"uriTemplate":"{+anything}"}');
    expect(definitions.map(({ template }) => template === undefined)).toEqual([false, true]);
    expect([...definitions[0]!.declared.keys()]).toEqual(['a', 'b']);
  });

  it('[edge 69] knows which tools have a user interface, in either form', () => {
    const metas = ['{"ui":{"resourceUri":"ui://a/b"}}', '{"ui/resourceUri":"ui://a/b"}', '{"other":1}'];
    const { definitions } = read(
      'tools',
      ...metas.map((meta, i) => `{"name":"t${i}","_meta":${meta}}`),
      '{"name":"t"}',
    );
    expect(definitions.map(({ hasUi }) => hasUi)).toEqual([true, true, false, false]);
  });
});

it('keeps of a URI that nobody lists its scheme alone', () => {
  expect(schemeOf('https://u:p@host/path?token=1')).toBe('https:');
  expect(schemeOf('mcpnest-one+vault:secret')).toBe('mcpnest-one+vault:');
  for (const none of ['', 'no scheme', '1a:b', ':x', '//host']) expect(schemeOf(none)).toBe('');
});
