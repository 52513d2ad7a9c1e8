import { readFileSync } from 'node:fs';
import type { PolicyDocument, Rule } from '@mcpnest/contract/schemas/rules';
import type { Command } from 'commander';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { shortTime, table } from '../output.ts';

/** What commands about rules and access share. */
export interface Common {
  workspace?: string;
  json?: true;
}

export const common = (command: Command): Command =>
  command.option('--workspace <slug>').option('--json', 'print JSON');

/** A document of rules from a file or standard input; the server checks what is in it. @throws UsageError */
export async function readDocument(io: Io, file: string): Promise<PolicyDocument> {
  const text = file === '-' ? await io.readInput() : readFileSync(file, 'utf8');
  try {
    return JSON.parse(text) as PolicyDocument;
  } catch {
    throw new UsageError(`${file === '-' ? 'Standard input' : file} is not JSON. mcpnest rules export shows the form.`);
  }
}

export const ruleTable = (rules: readonly Rule[]): string =>
  table(rules, {
    effect: (row) => (row.absolute ? `${row.effect} (absolute)` : row.effect),
    subject: (row) => row.subject,
    object: (row) => row.object,
    until: (row) => shortTime(row.expiresAt),
    note: (row) => row.note,
    id: (row) => row.id,
  });
