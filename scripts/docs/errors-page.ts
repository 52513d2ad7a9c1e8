import { errorCodes } from '@mcpnest/contract/error-codes';
import { errorStatus } from '@mcpnest/contract/problem';

import { cell, generatedNotice, table } from './markdown.ts';

/** docs/reference/errors.md: the closed list of error codes. */
export function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(([code, { meaning, retryable }]) => [
    `\`${code}\``,
    String(errorStatus[code as keyof typeof errorCodes]),
    cell(meaning),
    retryable ? 'yes' : 'no',
  ]);
  return [
    '# Errors',
    generatedNotice,
    'Every failure has one of these codes. The control API answers with a problem document (RFC 9457) that carries `code`; the gateway answers in the words of MCP, see [decision 0005](../decisions/0005-http-status-and-json-rpc-errors.md).',
    table(['code', 'HTTP status (control API)', 'meaning', 'may the same request succeed later?'], rows),
  ].join('\n\n');
}
