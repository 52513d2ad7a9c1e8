import { describeConfig } from '../../packages/server/src/config/config.ts';
import { cell, generatedNotice, table } from './markdown.ts';

/** docs/reference/config.md: every environment variable the product knows. */
export function configPage(): string {
  const rows = describeConfig().map(({ name, description, default: fallback, hasFileTwin }) => [
    `\`${name}\`${hasFileTwin ? '<br>or `_FILE`' : ''}`,
    fallback === '' ? '' : `\`${fallback}\``,
    cell(description),
  ]);
  return [
    '# Configuration',
    generatedNotice,
    'The process is configured by environment variables, read once at the start. All are optional. Everything that is wrong is reported at once, with its remedy; an unknown `MCPNEST_…` name is an error too.',
    'Where a row says *or `_FILE`*, the variable with `_FILE` appended may hold the path of a file with the value instead.',
    table(['variable', 'default', 'meaning'], rows),
    'Settings of a workspace (limits, retention, mode of the journal) are not process configuration: they are changed through the [API](api.md) or the CLI.',
  ].join('\n\n');
}
