import { build, type Product } from './build.ts';
import type { HostingParts } from './build/hosting.ts';
import { loadConfig } from './config/config.ts';
import { processEnvironment, type Environment } from './config/env.ts';
import { AppError } from './domain/errors.ts';
import { createLog } from './platform/log.ts';
import { setRuntimeFlags } from './platform/runtime-flags.ts';

/**
 * Run the server until it is told to stop. SIGTERM or SIGINT drains it; a second one ends the process at once.
 * Whatever goes wrong beyond repair is logged and ends the process with code 1, for its supervisor to start it again.
 *
 * @param parts what hosts servers, in place of what the release has; for tests
 * @returns the exit code, once everything is closed
 * @throws AppError with the remedy when it cannot start
 */
export async function run(environment: Environment, parts?: HostingParts): Promise<number> {
  setRuntimeFlags();
  const { config, secrets } = loadConfig(environment);
  const log = createLog(config.logLevel);
  const die = (error: unknown): never => {
    log.fatal({ err: error }, 'MCPNest ends because of an unexpected error');
    process.exit(1);
  };
  process.on('uncaughtException', die).on('unhandledRejection', die);

  const product = await build(config, secrets, log, parts);
  const told = signal();
  try {
    await product.start();
  } catch (error) {
    await product.stop();
    throw error;
  }
  await sayHowToSetUp(product);
  // The line that whoever started the server waits for; only `silent` leaves it out.
  const always = log.child({}, { level: config.logLevel === 'silent' ? 'silent' : 'info' });
  always.info({ url: product.url, publicUrl: product.publicUrl, pid: process.pid }, 'ready');

  log.info({ signal: await told }, 'stopping; calls in flight may end');
  await product.stop();
  log.info('stopped');
  return 0;
}

/** To whoever watches the start, and not to the log: the link lets somebody in. */
async function sayHowToSetUp(product: Product): Promise<void> {
  const made = await product.setupLink();
  if (made !== undefined) process.stderr.write(`Finish setup (valid 60 min, single use): ${made.link}\n`);
}

/** The first signal that asks to stop. The next one does not ask. */
function signal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const heard = (name: NodeJS.Signals): void => {
      if (asked) process.exit(1);
      asked = true;
      resolve(name);
    };
    process.on('SIGTERM', heard).on('SIGINT', heard);
  });
}

if (import.meta.main) {
  try {
    process.exit(await run(processEnvironment()));
  } catch (error) {
    // A refusal names its remedy and is for people; anything else needs its stack.
    const text = error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  }
}
