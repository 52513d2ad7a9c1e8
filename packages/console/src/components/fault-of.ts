import { problemOf } from '../api/problem.ts';
import type { AppProblem } from '../api/problem.ts';
import { toast } from '../ui/toast.tsx';

/** What went wrong with a change, for its form; undefined while nothing did. */
export const faultOf = (error: unknown): AppProblem | undefined =>
  error === null || error === undefined ? undefined : problemOf(error);

/** What went wrong with a change that has no form. */
export function toastFault(error: unknown): void {
  const { title, detail } = problemOf(error);
  toast({ title, detail, tone: 'bad' });
}
