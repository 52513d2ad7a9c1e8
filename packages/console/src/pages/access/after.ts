import { toastFault } from '../../components/fault-of.ts';

/**
 * Goes on once a change is made, also when what was pressed is gone from the page by then; callbacks of the change
 * itself are not called any more in that case. What went wrong the form or question that asked shows.
 */
export const after = <T>(change: Promise<T>, then: (answer: T) => void): void =>
  void change.then(then, () => undefined);

/** Takes something back. Nothing on the page waits for it, so what goes wrong is said in passing. */
export const takeBack = <T>(change: Promise<T>, then: (answer: T) => void = () => undefined): void =>
  void change.then(then, toastFault);
