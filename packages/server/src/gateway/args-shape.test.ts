import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from '../platform/json/scan.ts';
import { argsShape, declaredArgs } from './args-shape.ts';

const limits = { maxDepth: 64, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 64, strict: true };
const shape = (args: unknown, schema: unknown): unknown =>
  JSON.parse(argsShape(scanJson(Buffer.from(JSON.stringify(args)), limits), declaredArgs(schema)));

const schema = {
  properties: {
    message: { type: 'string' },
    limit: { type: 'integer' },
    filter: { type: 'object', properties: { tags: { type: 'array' } } },
  },
};

describe('argsShape', () => {
  it('[AUD-07][AUD-02] keeps declared names with type and size, and only counts the rest', () => {
    const args = { message: 'hello', limit: 5, filter: { tags: ['a', 'b'], 'alice@example.com': 1 }, secretName: 'x' };
    expect(shape(args, schema)).toEqual({
      message: 's1-16',
      limit: 'n',
      filter: 'o1-16',
      'filter.tags': 'a1-16',
      '?': 2,
    });
  });

  it('[AUD-02] never contains a value or an undeclared name', () => {
    const canary = 'CANARY-7f3a';
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, key) => {
        const args = {
          message: canary,
          [`${canary}${key}`]: value,
          filter: { tags: [canary], [canary]: { [canary]: value } },
        };
        expect(JSON.stringify(shape(args, schema))).not.toContain(canary);
      }),
    );
  });

  it('stays small and quick for deep and wide arguments', () => {
    let nested: object = {};
    let nestedSchema: object = {};
    for (let i = 0; i < 50; i++) {
      nested = { in: nested };
      nestedSchema = { properties: { in: nestedSchema } };
    }
    expect(Object.keys(shape(nested, nestedSchema) as object).length).toBeLessThanOrEqual(6);
    const wide = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`k${i}`, i]));
    expect(shape(wide, { properties: Object.fromEntries(Object.keys(wide).map((key) => [key, {}])) })).toMatchObject({
      '?': 2_936,
    });
  });

  it('does not tell true from false or null', () => {
    const flags = { properties: { a: {}, b: {}, c: {} } };
    expect(shape({ a: true, b: false, c: null }, flags)).toEqual({ a: 'l', b: 'l', c: 'l' });
  });
});
