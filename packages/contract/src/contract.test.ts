import { describe, expect, it } from 'vitest';
import { ApiError, createClient } from './client.ts';
import { allOperations, operations } from './operations.ts';
import { openApiDocument } from './openapi.ts';
import { splitTarget } from './schemas/network.ts';

const document = openApiDocument({ version: '1.2.3', url: 'https://mcp.example.com' });

describe('operations', () => {
  it('are named by the noun and verb they are found under, and each path and method is taken once', () => {
    for (const [noun, verbs] of Object.entries(operations)) {
      for (const [verb, operation] of Object.entries(verbs)) expect(operation.id).toBe(`${noun}.${verb}`);
    }
    const routes = allOperations.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(routes.length);
  });

  it.each(allOperations.map((operation) => [operation.id, operation] as const))('%s holds together', (_, operation) => {
    const named = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    expect(Object.keys(operation.params.shape)).toEqual(named);
    expect(operation.scope === 'workspace').toBe(named.includes('workspace'));
    expect(operation.status === 204).toBe(operation.response === null);
    if (operation.method === 'GET') expect(operation.body).toBeNull();
    if (named.length > 0 && named[0] !== 'target') expect(operation.errors).toContain('not_found');
    if (operation.recentSignIn === true) expect(operation.errors).toContain('reauthentication_required');
  });
});

describe('the OpenAPI document', () => {
  it('holds every operation, with examples, errors and references that exist', () => {
    const found = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((made) => made.operationId),
    );
    expect(found.toSorted()).toEqual(allOperations.map(({ id }) => id).toSorted());
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!));
    expect([...references]).toEqual(['#/components/schemas/Problem']);
    expect(document.components.schemas.Problem).toMatchObject({ type: 'object' });
    const create = document.paths['/api/v1/workspaces']!.post!;
    expect(create.requestBody?.content['application/json']).toMatchObject({
      schema: { required: ['name'], additionalProperties: false },
      example: { name: 'Acme', slug: 'acme' },
    });
    expect(Object.keys(create.responses)).toEqual(['201', '400', '401', '403', '409', '429', '500', '503']);
    expect(create.responses['409']!.content).toHaveProperty(
      ['application/problem+json', 'example', 'code'],
      'already_exists',
    );
  });
});

describe('the client', () => {
  const answering = (answer: Response) => {
    const seen: Request[] = [];
    const client = createClient({
      baseUrl: 'https://mcp.example.com/base/',
      apiKey: 'mnk_x',
      fetch: async (request) => {
        seen.push(request);
        return answer;
      },
    });
    return { client, seen };
  };

  it('sends what the contract says, escaped', async () => {
    const { client, seen } = answering(new Response(null, { status: 204 }));
    expect(await client.network.revoke({ params: { target: '[::1]:80/../x' } })).toBeUndefined();
    expect(seen[0]!.url).toBe('https://mcp.example.com/base/api/v1/network/allow/%5B%3A%3A1%5D%3A80%2F..%2Fx');
    expect(seen[0]!.headers.get('authorization')).toBe('Bearer mnk_x');
    const list = answering(Response.json({ items: [], nextCursor: null }));
    await list.client.calls.list({
      params: { workspace: 'acme' },
      query: { limit: 5, tool: 'a&b', server: undefined },
    });
    expect(new URL(list.seen[0]!.url).search).toBe('?limit=5&tool=a%26b');
  });

  it('throws what the server said, and something sensible when it said nothing', async () => {
    const said = {
      type: 't',
      title: 't',
      status: 409,
      detail: 'd',
      code: 'conflict',
      retryable: false,
      requestId: 'r',
    };
    await expect(answering(Response.json(said, { status: 409 })).client.instance.show()).rejects.toMatchObject({
      problem: said,
    });
    const proxy = answering(new Response('<h1>Bad gateway</h1>', { status: 502 })).client.instance.show();
    await expect(proxy).rejects.toBeInstanceOf(ApiError);
    await expect(proxy).rejects.toMatchObject({ problem: { status: 502, code: 'unavailable' } });
  });
});

it.each([
  ['127.0.0.1:9101', { host: '127.0.0.1', port: 9101 }],
  ['[::1]:80', { host: '[::1]', port: 80 }],
  ['[0:0:0:0:0:0:0:1]:80', { host: '[::1]', port: 80 }],
  ['db.internal:8080', { host: 'db.internal', port: 8080 }],
  ['0x7f.1:80', { host: '127.0.0.1', port: 80 }],
  ['host', undefined],
  ['host:0', undefined],
  ['host:70000', undefined],
  ['*:80', undefined],
  ['a/b:80', undefined],
  ['user@host:80', undefined],
])('a network target %s is read as %j', (text, expected) => {
  expect(splitTarget(text)).toEqual(expected);
});
