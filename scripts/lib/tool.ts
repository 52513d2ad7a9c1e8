import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface ToolResult {
  readonly code: number;
  readonly output: string;
  /** Standard error. */
  readonly errors: string;
}

export interface ToolOptions {
  /** Pass output through to the terminal as it comes, instead of collecting it. */
  readonly show?: boolean;
  /** The whole environment; this process's own when left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** The tool is told to end after this. */
  readonly timeoutMs?: number;
}

/**
 * Run the command of an installed package on this very Node: no shell, no PATH, no npx, never a download.
 */
export async function runTool(
  packageName: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: unknown };
  const entry = typeof bin === 'string' ? bin : (bin as Record<string, string>)[binName(packageName)];
  if (entry === undefined) throw new Error(`${packageName} has no command of its name`);
  return runNode([join(folder, entry), ...args], options);
}

const binName = (packageName: string): string => (packageName === 'typescript' ? 'tsc' : packageName);

/** Run a script on this Node. */
export async function runNode(
  args: readonly string[],
  { show, env, timeoutMs }: ToolOptions = {},
): Promise<ToolResult> {
  const child = spawn(process.execPath, [...args], {
    cwd: root,
    env: env ?? process.env,
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    stdio: show === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  return { code, output, errors };
}
