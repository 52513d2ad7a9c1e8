/**
 * What every Node that the tests start has in its environment: the path, and where compiled sources are kept from one
 * start to the next (set in vitest.config.ts), which halves the time of a start.
 */
export const nodeEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);
