import { processIo } from '../../packages/server/src/cli/io.ts';
import { createProgram } from '../../packages/server/src/cli/program.ts';
import { cell, generatedNotice, table } from './markdown.ts';

type Command = ReturnType<typeof createProgram>;

/** docs/reference/cli.md: every command with its options. */
export function cliPage(): string {
  const program = createProgram(processIo(), () => undefined);
  return [
    '# Command line',
    generatedNotice,
    'With `MCPNEST_API_KEY` (or `MCPNEST_API_KEY_FILE`) set, commands talk to the server at `MCPNEST_URL`; otherwise they work on the data folder, whether or not the server is running. `mcpnest connect` needs neither: it is a client of a gateway.',
    'Exit codes: 0 done, 1 failed, 2 used wrongly, 3 not permitted, 4 not found, 5 conflict.',
    ...leavesOf(program).flatMap(commandSection),
  ].join('\n\n');
}

const leavesOf = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);

function commandSection(command: Command): string[] {
  const options = command.options
    .filter((option) => !option.hidden)
    .map(({ flags, description, defaultValue }) => [
      `\`${cell(flags)}\``,
      cell(description) + (defaultValue === undefined ? '' : ` (default: \`${String(defaultValue)}\`)`),
    ]);
  const names = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '…' : '');
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  const sections = [`## \`${pathOf(command)}${names.join('')}\``, sentence(command.description())];
  if (options.length > 0) sections.push(table(['option', 'meaning'], options));
  return sections;
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
