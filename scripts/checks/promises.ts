import { reportPromises, unknownCitations } from '../lib/promises.ts';

/** Promises marked done that no test cites, and citations of promises that do not exist. */
export function findUnkeptPromises(root: string): string[] {
  const uncited = reportPromises(root).filter(({ status, tests }) => status === 'done' && tests.length === 0);
  return [...uncited.map(({ id }) => `${id} is marked done and cited by no test`), ...unknownCitations(root)];
}
