import { problemOf } from '../api/problem.ts';
import type { AppProblem } from '../api/problem.ts';
import { toast } from '../ui/toast.tsx';

/**
 * What went wrong with a change, for its form; undefined while nothing did. The fields of the body are named as in the
 * form: `name`, where the server says `body.name`.
 */
export function faultOf(error: unknown): AppProblem | undefined {
  if (error === null || error === undefined) return undefined;
  const problem = problemOf(error);
  const errors = Object.entries(problem.errors).map(([path, message]) => [path.replace(/^body\./, ''), message]);
  return { ...problem, errors: Object.fromEntries(errors) };
}

/** What went wrong with a change that has no form. */
export function toastFault(error: unknown): void {
  const { title, detail } = problemOf(error);
  toast({ title, detail, tone: 'bad' });
}
