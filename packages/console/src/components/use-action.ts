import type { UseMutationResult } from '@tanstack/react-query';
import type { Client } from '@mcpnest/contract/caller';
import type { AppProblem } from '../api/problem.ts';
import { useChange, useChangeOf } from '../api/queries.ts';
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
export const useAction = <N extends Noun, V extends keyof Client[N] & string>(
  noun: N,
  verb: V,
  { also = [], inForm = false }: ActionOptions = {},
): Action<RequestOf<N, V>, AnswerOf<N, V>> => actionOf(useChange(noun, verb, also), inForm);

/** The same of a change that is made otherwise than by one operation. */
export const useActionOf = <Request, Answer>(
  noun: Noun,
  change: (request: Request) => Promise<Answer>,
  { also = [], inForm = false }: ActionOptions = {},
): Action<Request, Answer> => actionOf(useChangeOf(noun, change, also), inForm);

function actionOf<Request, Answer>(
  change: UseMutationResult<Answer, Error, Request>,
  inForm: boolean,
): Action<Request, Answer> {
  // The library leaves open whether a request may be left out, until it is known which it is; here it never is.
  const make = change.mutateAsync as (request: Request) => Promise<Answer>;
  return {
    busy: change.isPending,
    problem: faultOf(change.error),
    run: (request, done, onwards) =>
      after(
        make(request),
        (answer) => {
          if (done !== null) toast(done);
          onwards?.(answer);
        },
        inForm ? undefined : toastFault,
      ),
  };
}
