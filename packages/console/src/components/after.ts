import { toastFault } from './fault-of.ts';

/**
 * Goes on once a change is made, also when what was pressed is gone from the page by then; callbacks of the change
 * itself are not called any more in that case. Unless said otherwise the form or question that asked shows what went
 * wrong.
 */
export const after = <T>(
  change: Promise<T>,
  then: (answer: T) => void,
  failed: (error: unknown) => void = () => undefined,
): void => void change.then(then, failed);

/** Takes something back. Nothing on the page waits for it, so what goes wrong is said in passing. */
export const takeBack = <T>(change: Promise<T>, then: (answer: T) => void = () => undefined): void =>
  after(change, then, toastFault);
