import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTemplate, matchesTemplate, matchingCost, maxUri, templateVariables } from './uri-template.ts';

const matches = (template: string, uri: string): boolean => {
  const compiled = compileTemplate(template);
  return compiled !== undefined && matchesTemplate(compiled, uri);
};

describe('matchesTemplate', () => {
  it.each([
    ['test://template/{id}/data', 'test://template/7/data'],
    ['db://{table}/{row}', 'db://users/42'],
    ['file:///{+path}', 'file:///a/b/c.txt'],
    ['file://{host}{/path*}', 'file://local/a/b/c'],
    ['file://{host}{/path*}', 'file://local'],
    ['repo://{owner}/{repo}{?ref,path}', 'repo://o/r'],
    ['repo://{owner}/{repo}{?ref,path}', 'repo://o/r?path=a&ref=b'],
    ['search://q{?params*}', 'search://q?any=1&thing=2'],
    ['search://q?fixed=1{&more}', 'search://q?fixed=1&more=2'],
    ['doc://{id}{#section}', 'doc://7#intro'],
    ['pic://{name}{.ext}', 'pic://cat.png'],
    ['plain://no/expression', 'plain://no/expression'],
    ['greeting://{name}', 'greeting://J%C3%BCrgen'],
    ['aa:aab{x}aab', 'aa:aabaabaab'],
  ])('[edge 66] %s matches %s', (template, uri) => {
    expect(matches(template, uri)).toBe(true);
  });

  it.each([
    ['test://template/{id}/data', 'test://template//data'],
    ['test://template/{id}/data', 'test://template/a/b/data'],
    ['test://template/{id}/data', 'test://template/7/data/more'],
    ['db://{table}/{row}', 'db://users'],
    ['file:///{+path}', 'file:///'],
    ['repo://{owner}/{repo}{?ref,path}', 'repo://o/r?other=1'],
    ['doc://{id}', 'doc://7#intro'],
    ['doc://{id}', 'DOC://7'],
    ['plain://no/expression', 'plain://no/expressions'],
  ])('[edge 66] %s does not match %s', (template, uri) => {
    expect(matches(template, uri)).toBe(false);
  });

  it('routes nothing by a template that would claim every URI, or that is malformed or too long', () => {
    const useless = [
      '{+any}',
      '{scheme}://x',
      'a:{',
      'a:}',
      'a:{x',
      'a:{!x}',
      'a:{}',
      'a:{x}}',
      `a:${'x'.repeat(maxUri)}`,
    ];
    for (const template of useless) expect(compileTemplate(template), template).toBeUndefined();
    expect(compileTemplate(`a:${'{x}'.repeat(17)}`)).toBeUndefined();
  });

  it('knows by the literals alone that most URIs are not meant, and never says so of one that matches', () => {
    const compiled = compileTemplate('a:{+x}!{+y}?z')!;
    for (const uri of ['b:1!2?z', 'a:1!2?y', `a:${'q'.repeat(2_000)}?z`, 'a:?z!1'])
      expect(matchingCost(compiled, uri), uri).toBe(0);
    expect(matchingCost(compiled, 'a:1!2?z')).toBeGreaterThan(0);
    expect(matchesTemplate(compiled, 'a:1!2?z')).toBe(true);
  });

  it('takes expressions in a row for one, so that a row of them costs no more', () => {
    const row = compileTemplate('a:{+a}{+b}{+c}{+d}!')!;
    expect(row.parts).toHaveLength(3);
    expect(matchesTemplate(row, 'a:anything!')).toBe(true);
    expect(matchesTemplate(row, 'a:!')).toBe(false);
  });

  it('matches what the template expands to, whatever the values', () => {
    const name = fc.stringMatching(/^[a-z]{1,4}$/);
    const operator = fc.constantFrom('', '+', '#', '.', '/', '?');
    const piece = fc.oneof(
      fc.record({ literal: fc.stringMatching(/^[a-z/._-]{1,6}$/) }),
      fc.record({ operator, name, value: fc.stringMatching(/^[A-Za-z0-9._~%-]{1,8}$/) }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let template = 's:';
        let uri = 's:';
        let queried = false;
        for (const part of pieces) {
          if ('literal' in part) {
            template += part.literal;
            uri += part.literal;
            continue;
          }
          if (part.operator === '?' && queried) continue;
          queried ||= part.operator === '?';
          template += `{${part.operator}${part.name}}`;
          const lead = part.operator === '?' ? `?${part.name}=` : part.operator.replace('+', '');
          uri += lead + part.value;
        }
        // What follows a query or fragment is part of it to every reader of URIs.
        fc.pre(!/[?#].*[?#]/.test(uri));
        const compiled = compileTemplate(template)!;
        const afterQuery =
          template.indexOf('{?') >= 0 &&
          !template.endsWith(template.slice(template.indexOf('{?')).match(/^\{\?[a-z]+\}/)![0]);
        fc.pre(!afterQuery);
        expect(matchesTemplate(compiled, uri), `${template} ${uri}`).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes no time worth speaking of for the worst templates and URIs', () => {
    const worst = [
      compileTemplate(`a:${'{+x}a'.repeat(16)}b`)!,
      compileTemplate(`a:{+x}${'a'.repeat(1_900)}{+y}b`)!,
      compileTemplate(`a:${'{x}{y}'.repeat(8)}!`)!,
      compileTemplate(`a:${'{/x*}'.repeat(16)}!`)!,
    ];
    const uri = `a:${'a'.repeat(maxUri - 2)}`;
    const started = performance.now();
    for (let i = 0; i < 100; i++) for (const template of worst) expect(matchesTemplate(template, uri)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(matchesTemplate(worst[0]!, `${uri}b`)).toBe(false);
  });
});

it('names the variables of a template', () => {
  expect(templateVariables('x://{a}/{+b}{?c,d*,e:3}')).toEqual(['a', 'b', 'c', 'd', 'e']);
});
