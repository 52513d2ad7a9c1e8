import { describe, expect, it } from 'vitest';
import { argumentsOf, fieldsOf } from './arguments.ts';

const schema = {
  type: 'object',
  properties: {
    title: { type: 'string', description: 'What it is about' },
    count: { type: 'integer', default: 3 },
    ratio: { type: 'number' },
    draft: { type: 'boolean' },
    state: { type: 'string', enum: ['open', 'closed'] },
    labels: { type: 'array', items: { type: 'string' } },
    either: { type: ['string', 'null'] },
  },
  required: ['title', 'count'],
};

describe('the fields of a tool', () => {
  it('are made from its schema', () => {
    const fields = fieldsOf(schema)!;
    expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
      ['title', 'string'],
      ['count', 'integer'],
      ['ratio', 'number'],
      ['draft', 'boolean'],
      ['state', 'choice'],
      ['labels', 'json'],
      ['either', 'json'],
    ]);
    expect(fields[0]).toMatchObject({ required: true, about: 'What it is about', initial: '' });
    expect(fields[1]).toMatchObject({ required: true, initial: '3' });
  });

  it('are left to one JSON text where the schema is no plain list', () => {
    expect(fieldsOf({ type: 'object', oneOf: [] })).toBeUndefined();
    expect(fieldsOf(undefined)).toBeUndefined();
    expect(fieldsOf({ type: 'object' })).toEqual([]);
  });
});

describe('arguments', () => {
  const fields = fieldsOf(schema)!;

  it('have the types the tool asks for, and nothing of empty fields', () => {
    const draft = { title: 'a', count: '3', ratio: '0.5', draft: 'false', state: 'open', labels: '["x"]', either: '' };
    expect(argumentsOf(fields, draft)).toEqual({
      args: { title: 'a', count: 3, ratio: 0.5, draft: false, state: 'open', labels: ['x'] },
      errors: {},
    });
  });

  it('are refused by field', () => {
    const draft = { count: '1.5', ratio: 'x', draft: 'maybe', state: 'none', labels: '[' };
    expect(Object.keys(argumentsOf(fields, draft).errors)).toEqual(['count', 'ratio', 'draft', 'state', 'labels']);
    expect(argumentsOf(fields, {}).errors).toEqual({ count: 'The tool asks for this.' });
  });

  it('may be named as nothing else may', () => {
    const odd = fieldsOf(JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'))!;
    expect(JSON.stringify(argumentsOf(odd, Object.fromEntries([['__proto__', 'x']])).args)).toBe('{"__proto__":"x"}');
  });
});
