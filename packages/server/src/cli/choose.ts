import { ApiError } from '@mcpnest/contract/client';
import type { Client } from '@mcpnest/contract/client';
import { UsageError } from './fault.ts';
import type { Io } from './io.ts';

/** The workspace a command is about: the one named, or the only one there is. */
export async function chooseWorkspace(client: Client, named: string | undefined): Promise<{ workspace: string }> {
  if (named !== undefined) return { workspace: named };
  const { items } = await client.workspaces.list().catch((error: unknown) => {
    // A key bound to one workspace may not list them all, and cannot say which one it is bound to.
    if (error instanceof ApiError && error.problem.code === 'forbidden')
      throw new UsageError('Say which workspace: --workspace <slug>.');
    throw error;
  });
  if (items.length === 1) return { workspace: items[0]!.slug };
  if (items.length === 0) throw new UsageError('There is no workspace yet. Make the first with: mcpnest bootstrap');
  throw new UsageError(`Say which workspace: --workspace ${items.map((item) => item.slug).join(' | ')}`);
}

/** Go on only with a yes: from `--yes`, or from a person at a terminal. Scripts are never asked. */
export async function confirm(io: Io, yes: boolean | undefined, question: string): Promise<void> {
  if (yes === true) return;
  if (!io.interactive) throw new UsageError(`${question} Confirm with --yes.`);
  const answer = await io.ask(`${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new UsageError('Nothing was changed.');
}

/** A member by id or email. */
export async function chooseMember(client: Client, params: { workspace: string }, named: string): Promise<string> {
  if (!named.includes('@')) return named;
  const { items } = await client.members.list({ params });
  const member = items.find((item) => item.email === named.toLowerCase());
  if (member === undefined) throw new UsageError(`No member ${named} in ${params.workspace}. See: mcpnest member list`);
  return member.id;
}

/** A machine by id or name. */
export async function chooseMachine(client: Client, params: { workspace: string }, named: string): Promise<string> {
  const { items } = await client.machines.list({ params });
  const machine = items.find((item) => item.id === named || item.name === named);
  if (machine === undefined)
    throw new UsageError(`No machine '${named}' in ${params.workspace}. See: mcpnest machine list`);
  return machine.id;
}

/** A whole number given as an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`'${text}' is not a whole number.`);
  return Number(text);
}

/** Options that may be given several times. */
export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** `name=number` or `name=none` pairs, as `--limit perMinute=600 --limit toolPerMinute=none`. */
export function readLimits(pairs: readonly string[] | undefined): Record<string, number | null> | undefined {
  if (pairs === undefined) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const match = /^([A-Za-z]+)=(\d{1,12}|none)$/.exec(pair);
      if (match === null)
        throw new UsageError(`'${pair}' is not a limit; write it as perMinute=600 or perMinute=none.`);
      return [match[1]!, match[2] === 'none' ? null : Number(match[2])];
    }),
  );
}

/** Limits as they are given on the command line. */
export const writeLimits = (limits: Readonly<Record<string, number | null>>): string =>
  Object.entries(limits)
    .map(([name, value]) => `${name}=${value ?? 'none'}`)
    .join(' ');
