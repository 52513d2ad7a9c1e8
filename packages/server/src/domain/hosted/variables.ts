import type { InputIssue } from '../errors.ts';
import type { CatalogueEntry } from './entry.ts';
import { isForbiddenKey } from './forbidden-keys.ts';
import { locate } from './reached.ts';

/**
 * What is wrong with the values somebody wants a hosted server to have: only declared variables, all that are
 * required, nothing that a command could take for an option, and addresses that a gate can stand for.
 * @returns an issue for each, without any value; none: they may be used
 */
export function variableIssues(entry: CatalogueEntry, env: Readonly<Record<string, string>>): InputIssue[] {
  const declared = new Map(entry.variables.map((variable) => [variable.key, variable]));
  const inCommand = new Set(entry.command.flatMap((part) => (typeof part === 'string' ? [] : [part.variable])));
  const issues: InputIssue[] = [];
  for (const [key, value] of Object.entries(env)) {
    const path = `body.env.${key}`;
    if (isForbiddenKey(key)) issues.push({ path, message: 'changes how programs are loaded or run and is never set' });
    else if (!declared.has(key)) issues.push({ path, message: `is not a variable of ${entry.slug}` });
    else if (value.includes('\0')) issues.push({ path, message: 'must not contain a NUL character' });
    else if (inCommand.has(key) && value.startsWith('-')) issues.push({ path, message: 'must not begin with -' });
  }
  for (const { key, required } of entry.variables) {
    const given = Object.hasOwn(env, key) && env[key] !== '';
    if (!given && (required || inCommand.has(key))) issues.push({ path: `body.env.${key}`, message: 'is required' });
  }
  return [...issues, ...reachIssues(entry, env)];
}

/** What is wrong with values that name an address. @returns an issue for each, without any value */
export const reachIssues = (entry: CatalogueEntry, env: Readonly<Record<string, string>>): InputIssue[] =>
  entry.reaches.flatMap((reached) => {
    const value = env[reached.variable] ?? '';
    const located = value === '' ? undefined : locate(value, reached);
    return located?.kind === 'unusable' ? [{ path: `body.env.${reached.variable}`, message: located.message }] : [];
  });
