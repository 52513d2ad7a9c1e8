import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { call, denial, ending } from './fixture.ts';
import { encodeDenied, encodeIntent, encodeOutcome, filterName, filterUri } from './encode.ts';

const printable = /^[ -~]*$/;
const parse = (fields: string): Record<string, unknown> => JSON.parse(`{${fields}}`) as Record<string, unknown>;

describe('records', () => {
  it('[AUD-07][AUD-08] hold caller, server, tool, rule, policy version, definition, shape and digest of the arguments', () => {
    const intent = call({ wouldDeny: 'not-listed', approvalId: '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11' });
    expect(parse(encodeIntent(intent))).toEqual({ kind: 'intent', ...intent });
    const outcome = ending(intent.callId, { outcome: 'timeout', status: 504, errorCode: 'upstream_timeout' });
    expect(parse(encodeOutcome(outcome))).toEqual({ kind: 'outcome', ...outcome });
    const { wouldDeny: nothing, approvalId: none, ...denied } = denial();
    expect(parse(encodeDenied({ wouldDeny: nothing, approvalId: none, ...denied }, 7))).toEqual({
      kind: 'denied',
      ...denied,
      count: 7,
    });
  });

  it('are one line of printable ASCII and valid JSON whatever text comes in', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(anything, anything, anything, (toolName, argsShape, slug) => {
        const text = encodeIntent(call({ toolName, argsShape, serverSlug: slug, clientName: toolName }));
        expect(text).toMatch(printable);
        const read = parse(text);
        // oxlint-disable-next-line no-control-regex
        expect(read['argsShape']).toBe(argsShape.replace(/[\u0000-\u001f]/g, '_'));
        expect(read['toolName']).toBe(filterName(toolName));
      }),
      { numRuns: 100 },
    );
  });

  it('hold whole numbers in range whatever number comes in', () => {
    for (const latencyMs of [Number.NaN, Infinity, -1, 1e300, 1.5, 0.1 + 0.2]) {
      const { latencyMs: read } = parse(encodeOutcome(ending('x', { latencyMs })));
      expect(Number.isInteger(read) && (read as number) >= 0 && (read as number) < 2 ** 31).toBe(true);
    }
  });

  it('name the method, and keep of URIs their own characters, short and plain', () => {
    const uri = 'repo://{owner}/{repo}{?ref,path}';
    const read = parse(encodeIntent(call({ method: 'resources/read', toolName: uri })));
    expect(read).toMatchObject({ method: 'resources/read', toolName: uri });
    expect(parse(encodeIntent(call({ method: 'prompts/get', toolName: uri })))['toolName']).toBe(filterName(uri));
    expect(filterUri(`x:"\\\n`)).toMatch(/^x:___~[0-9a-f]{8}$/);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(filterUri(text)).toMatch(/^[^"\\\u0000- \u007f-\uffff]{0,128}$/);
      }),
    );
  });

  it('keep names from outside short and plain, and two different names different', () => {
    expect(filterName('create_issue')).toBe('create_issue');
    expect(filterName('a'.repeat(64))).toBe('a'.repeat(64));
    expect(filterName('<b>\n')).toMatch(/^_b__~[0-9a-f]{8}$/);
    expect(filterName('é')).not.toBe(filterName('è'));
    const long = 'x'.repeat(300);
    expect(filterName(`${long}1`)).not.toBe(filterName(`${long}2`));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        expect(filterName(name)).toMatch(/^[\w\-./:@+ ~]{0,64}$/);
      }),
    );
  });
});
