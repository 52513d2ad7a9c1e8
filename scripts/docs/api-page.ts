import type { OpenApiOperation } from '@mcpnest/contract/openapi';
import { openApiDocument } from '@mcpnest/contract/openapi';

import { cell, generatedNotice, table } from './markdown.ts';

/** docs/reference/api.md: every operation of the control API, made from its OpenAPI document. */
export function apiPage(version: string): string {
  const document = openApiDocument({ version, url: 'http://127.0.0.1:8420' });
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const sections = document.tags.flatMap(({ name, description }) => [
    `## ${name}`,
    description,
    table(
      ['operation', 'request', 'what it does', 'role', 'errors of its own'],
      operations.filter(({ operation }) => operation.tags.includes(name)).map(row),
    ),
  ]);
  return [
    '# Control API',
    generatedNotice,
    document.info.description,
    'A running MCPNest serves the same with schemas and examples at `/docs` and as OpenAPI at `/api/v1/openapi.json`.',
    '`role` is the least role that may do it; *instance* means that the key must be one for the whole instance.',
    ...sections,
  ].join('\n\n');
}

function row({ path, method, operation }: { path: string; method: string; operation: OpenApiOperation }): string[] {
  const scope = operation['x-scope'] === 'instance' ? ' (instance)' : '';
  return [
    `\`${operation.operationId}\``,
    `\`${method} ${path}\``,
    cell(operation.summary),
    operation['x-role'] === 'invited' ? 'an invitation' : `${operation['x-role']}${scope}`,
    operation['x-errors'].map((code) => `\`${code}\``).join(', '),
  ];
}
