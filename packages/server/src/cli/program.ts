import { Command } from 'commander';
import { accessCommands } from './commands/access.ts';
import { approvalCommands, approvalSettingCommands } from './commands/approvals.ts';
import { auditCommands } from './commands/audit.ts';
import { callCommands } from './commands/calls.ts';
import { handoverCommands } from './commands/handover.ts';
import { healthHistoryCommand } from './commands/charts.ts';
import { connectCommand } from './commands/connect.ts';
import { connectionCommands } from './commands/connections.ts';
import { drillCommands } from './commands/drills.ts';
import { holdCommands } from './commands/holds.ts';
import { importCommand } from './commands/import.ts';
import { hostedCommands } from './commands/hosted.ts';
import { imageCommands } from './commands/images.ts';
import { invitationCommands } from './commands/invitations.ts';
import { keyCommands } from './commands/keys.ts';
import { machineCommands } from './commands/machines.ts';
import { manifestCommands } from './commands/manifests.ts';
import { memberCommands } from './commands/members.ts';
import { inventoryCommand, overviewCommand } from './commands/overview.ts';
import { networkCommands } from './commands/network.ts';
import { peopleCommands } from './commands/people.ts';
import { processCommands } from './commands/process.ts';
import { proofCommands } from './commands/proofs.ts';
import { retentionCommands } from './commands/retention.ts';
import { reviewCommands } from './commands/reviews.ts';
import { rulesCommands } from './commands/rules.ts';
import { serverToolCommands } from './commands/server-tools.ts';
import { credentialCommands } from './commands/credential.ts';
import { searchCommands } from './commands/search.ts';
import { serverCommands } from './commands/servers.ts';
import { sessionCommands } from './commands/sessions.ts';
import { sinkCommands } from './commands/sinks.ts';
import { stopCommands } from './commands/stops.ts';
import { teamCommands } from './commands/teams.ts';
import { tokenCommands } from './commands/tokens.ts';
import { toolWeightCommands } from './commands/tool-weights.ts';
import { webhookCommands } from './commands/webhooks.ts';
import { workspaceCommands } from './commands/workspaces.ts';
import { connect, connectWith, type Connection } from './connection.ts';
import type { Io } from './io.ts';
import { version } from '../platform/version.ts';

/** What a command is given. */
export interface Shell {
  readonly io: Io;
  /** Run with a connection, which is closed afterwards. */
  withClient<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** The same with a secret of its own (an invitation) in place of the key or the operator. */
  withSecret<T>(secret: string, work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Exit code to end with although nothing was thrown. */
  exitWith(code: number): void;
}

/** The whole command line: `mcpnest <noun> <verb>`. */
export function createProgram(io: Io, exitWith: (code: number) => void): Command {
  const program = new Command('mcpnest');
  program
    .description('One authenticated URL for all MCP servers of a workspace.')
    .version(version)
    .helpCommand(false)
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .addHelpText(
      'after',
      `
With MCPNEST_API_KEY[_FILE] set, commands talk to the server at MCPNEST_URL; otherwise they
work on the data folder (MCPNEST_DATA_DIR), whether or not the server is running.
Exit codes: 0 done, 1 failed, 2 used wrongly, 3 not permitted, 4 not found, 5 conflict.`,
    )
    .exitOverride();
  const shell: Shell = {
    io,
    withClient: async (work) => {
      await using connection = await connect(io);
      return await work(connection);
    },
    withSecret: async (secret, work) => {
      await using connection = await connectWith(io, secret);
      return await work(connection);
    },
    exitWith,
  };
  processCommands(program, shell);
  workspaceCommands(program, shell);
  const server = serverCommands(program, shell);
  credentialCommands(server, shell);
  serverToolCommands(server, shell);
  approvalSettingCommands(server, shell);
  reviewCommands(server, shell);
  inventoryCommand(server, shell);
  healthHistoryCommand(server, shell);
  hostedCommands(program, shell);
  imageCommands(program, shell);
  tokenCommands(program, shell);
  connectionCommands(program, shell);
  memberCommands(program, shell);
  peopleCommands(program, shell);
  sessionCommands(program, shell);
  teamCommands(program, shell);
  machineCommands(program, shell);
  invitationCommands(program, shell);
  manifestCommands(program, shell);
  rulesCommands(program, shell);
  accessCommands(program, shell);
  toolWeightCommands(program, shell);
  stopCommands(program, shell);
  drillCommands(program, shell);
  approvalCommands(program, shell);
  webhookCommands(program, shell);
  keyCommands(program, shell);
  networkCommands(program, shell);
  const audit = callCommands(program, shell);
  auditCommands(audit, shell);
  retentionCommands(audit, shell);
  holdCommands(audit, shell);
  proofCommands(audit, shell);
  handoverCommands(audit, shell);
  sinkCommands(program, shell);
  overviewCommand(program, shell);
  searchCommands(program, shell);
  connectCommand(program, shell);
  importCommand(program, shell);
  inheritSettings(program);
  return program;
}

/** Commander copies settings only to commands made after they were set on the parent by `.command()`. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent).helpCommand(false);
    inheritSettings(command);
  }
}
