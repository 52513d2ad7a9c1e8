import type { Client } from '@mcpnest/contract/caller';
import type { AppProblem } from '../api/problem.ts';
import { useChange } from '../api/queries.ts';
import type { AnswerOf, RequestOf } from '../api/queries.ts';
import { toast } from '../ui/toast.tsx';
import type { ToastOptions } from '../ui/toast.tsx';
import { after } from './after.ts';
import { faultOf, toastFault } from './fault-of.ts';

type Noun = keyof Client;

export interface ActionOptions {
  /** What else is read anew afterwards. */
  readonly also?: readonly Noun[];
  /** The form or question that asked shows what went wrong; without one it is said in passing. */
  readonly inForm?: boolean;
}

export interface Action<Request, Answer> {
  readonly busy: boolean;
  readonly problem: AppProblem | undefined;
  /** Do it, say that it is done, then go on; also when what was pressed is gone from the page by then. */
  readonly run: (request: Request, done: ToastOptions | null, onwards?: (answer: Answer) => void) => void;
}

/** A change that one button makes. */
export function useAction<N extends Noun, V extends keyof Client[N] & string>(
  noun: N,
  verb: V,
  { also = [], inForm = false }: ActionOptions = {},
): Action<RequestOf<N, V>, AnswerOf<N, V>> {
  const change = useChange(noun, verb, also);
  return {
    busy: change.isPending,
    problem: faultOf(change.error),
    run: (request, done, onwards) =>
      after(
        change.mutateAsync(request),
        (answer) => {
          if (done !== null) toast(done);
          onwards?.(answer);
        },
        inForm ? undefined : toastFault,
      ),
  };
}
