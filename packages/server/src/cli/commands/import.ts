import type { Command } from 'commander';
import type { ImportResult } from '@mcpnest/contract/schemas/imports';
import { readClientConfig } from '@mcpnest/contract/clients/import';
import { secretsOf, type ImportedServer } from '@mcpnest/contract/clients/imported';
import { planImport, type Proposal } from '@mcpnest/contract/clients/plan';
import { risksOf } from '@mcpnest/contract/clients/risks';
import { findClient } from '@mcpnest/contract/clients/clients';
import { chooseWorkspace, confirm } from '../choose.ts';
import { readConfigFile } from '../clients/config-file.ts';
import { configParsers } from '../clients/formats.ts';
import { requireClient, requireFile } from '../clients/target.ts';
import { exit, UsageError } from '../fault.ts';
import { plain } from '../output.ts';
import type { Io } from '../io.ts';
import { catalogue } from '../../domain/hosted/catalogue.ts';
import type { Shell } from '../program.ts';
import { connectClient, type ClientOptions } from './connect-client.ts';

interface Options extends Pick<ClientOptions, 'workspace' | 'tokenIn' | 'yes' | 'dryRun' | 'json' | 'project'> {
  readonly client?: string;
  readonly atomic?: true;
  readonly writeBack?: true;
}

/** `mcpnest import`: bring what a client has behind the gateway. */
export function importCommand(program: Command, shell: Shell): void {
  program
    .command('import')
    .argument('<source>', 'a client (mcpnest connect --list), or the file of one')
    .description('bring the servers of a client behind the gateway: look, show the risks, add, write the client anew')
    .option('--client <client>', 'whose file it is, where a file is named')
    .option('--project', "the client's file of the project in this folder")
    .option('--write-back', 'put the gateway in their place in the file, with a preview, a backup and an undo')
    .option('--token-in <way>', 'how the client comes by its token then; see mcpnest connect')
    .option('--atomic', 'add all or none')
    .option('--dry-run', 'look and show, and change nothing')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .option('--json', 'print JSON; secrets are masked')
    .action((source: string, options: Options) => runImport(shell, source, options));
}

interface Source {
  readonly file: string;
  readonly client: string | undefined;
}

/** One server, with what was found and what is proposed. */
interface Line {
  readonly server: ImportedServer;
  readonly proposal: Proposal;
}

async function runImport(shell: Shell, source: string, options: Options): Promise<void> {
  const { io } = shell;
  const from = sourceOf(io, source, options);
  const { text } = await readConfigFile(from.file);
  if (text === undefined) throw new UsageError(`There is no file ${from.file}.`);
  const { servers, problems } = read(text, from);
  const done = await shell.withClient(async ({ client }) => {
    const params = await chooseWorkspace(client, options.workspace);
    const { gatewayUrl } = await client.workspaces.show({ params });
    // Nothing is hosted through this command: what could be is named, and hosted on purpose.
    const proposals = planImport(servers, gatewayUrl, catalogue);
    const lines = servers.map((server, index): Line => ({ server, proposal: proposals[index]! }));
    const adding = lines.filter(({ proposal }) => proposal.kind === 'add');
    if (options.json !== true) show(io, from.file, lines, problems);
    if (options.dryRun === true || adding.length === 0) return { lines, result: undefined, params };
    await confirm(io, options.yes, `Add ${adding.length} to ${params.workspace}?`);
    const body = { servers: adding.map(toAdd), atomic: options.atomic === true };
    return { lines, result: await client.imports.apply({ params, body }), params };
  });
  const failed = done.result?.items.filter(({ status }) => status === 'failed') ?? [];
  if (options.json === true) io.out(`${JSON.stringify(report(from, problems, done), null, 2)}\n`);
  else
    for (const { name, status, detail } of done.result?.items ?? [])
      io.err(`${status}: ${plain(name)}${detail === null ? '' : ` (${plain(detail)})`}\n`);
  if (failed.length > 0) shell.exitWith(exit.conflict);
  if (done.result !== undefined) await writeBack(shell, from, done.lines, done.result, { ...options, ...done.params });
}

function sourceOf(io: Io, source: string, options: Options): Source {
  const here = { environment: io.environment, platform: process.platform, folder: process.cwd() };
  if (findClient(source) === undefined)
    return { file: source, client: options.client === undefined ? undefined : requireClient(options.client).id };
  return {
    file: requireFile(requireClient(source), options.project === true ? 'project' : 'user', here, undefined),
    client: source,
  };
}

function read(text: string, { file, client }: Source) {
  try {
    return readClientConfig(text, configParsers, client === undefined ? undefined : findClient(client)?.format);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

function show(io: Io, file: string, lines: readonly Line[], problems: readonly string[]): void {
  io.err(`${lines.length} servers in ${file}\n`);
  for (const { server, proposal } of lines) {
    io.err(`\n${plain(server.name)}  ${plain(whatItIs(server))}\n`);
    for (const risk of risksOf(server)) io.err(`  ! ${risk.message} ${risk.remedy}\n`);
    for (const { name, shown, secret } of [...server.headers, ...server.env])
      if (secret !== undefined) io.err(`    ${plain(name)}: ${plain(shown)}\n`);
    if (server.unknown.length > 0) io.err(`    not understood: ${plain(server.unknown.join(', '))}\n`);
    io.err(`  → ${inWords(proposal)}\n`);
  }
  for (const problem of problems) io.err(`\nnot read: ${plain(problem)}\n`);
}

const whatItIs = ({ url, command, args }: ImportedServer): string =>
  url ?? [command, ...args.map(({ shown }) => shown)].join(' ').slice(0, 200);

function inWords(proposal: Proposal): string {
  if (proposal.kind === 'leave') return `stays: ${proposal.reason}`;
  if (proposal.kind === 'host') return `can be hosted: ${proposal.entry}`;
  const names = Object.keys(proposal.headers);
  return [
    `add as '${proposal.slug}'${names.length > 0 ? `, with ${names.map(plain).join(', ')} sealed` : ''}`,
    ...proposal.notes.map(plain),
  ].join('\n    ');
}

function toAdd({ server, proposal }: Line) {
  if (proposal.kind !== 'add') throw new TypeError('only what is to be added is');
  const { slug, url, headers } = proposal;
  const name =
    server.name
      .replace(/[\u0000-\u001f\u007f]/g, ' ')
      .trim()
      .slice(0, 100) || slug;
  return { name, slug, url, ...(Object.keys(headers).length > 0 && { credential: { headers } }) };
}

function report(
  { file, client }: Source,
  problems: readonly string[],
  { lines, result }: { readonly lines: readonly Line[]; readonly result: ImportResult | undefined },
): unknown {
  const servers = lines.map(({ server, proposal }) => ({
    name: server.name,
    kind: server.kind,
    url: server.url ?? null,
    secrets: [...server.urlSecrets, ...server.headers, ...server.env, ...server.args]
      .filter(({ secret }) => secret !== undefined)
      .map(({ name, shown, secret }) => ({ name, shown, reason: secret })),
    risks: risksOf(server),
    unknown: server.unknown,
    proposal: proposal.kind === 'add' ? { ...proposal, headers: Object.keys(proposal.headers) } : proposal,
  }));
  return { file, client: client ?? null, servers, problems, result: result?.items ?? null };
}

/** Put the gateway into the file in place of what went behind it. */
async function writeBack(
  shell: Shell,
  { file, client }: Source,
  lines: readonly Line[],
  result: ImportResult,
  options: Options,
): Promise<void> {
  const behind = new Set(result.items.filter(({ status }) => status !== 'failed').map(({ slug }) => slug));
  const moved = lines.filter(({ proposal }) => proposal.kind === 'add' && behind.has(proposal.slug));
  if (moved.length === 0 || (options.writeBack !== true && !shell.io.interactive)) return;
  if (client === undefined) {
    if (options.writeBack === true)
      throw new UsageError('Say whose file it is, so that it can be written: --client <client>');
    return;
  }
  const { workspace, tokenIn, yes, project } = options;
  await connectClient(
    shell,
    client,
    {
      file,
      ...(workspace !== undefined && { workspace }),
      ...(tokenIn !== undefined && { tokenIn }),
      ...(yes !== undefined && { yes }),
      ...(project !== undefined && { project }),
    },
    { remove: moved.map(({ server }) => server.path), secrets: lines.flatMap(({ server }) => secretsOf(server)) },
  );
  shell.io.err(
    'The backup holds the credentials as they were: remove it once all works, and replace them at their makers.\n',
  );
}
