import { createContext, useCallback, useContext, useLayoutEffect, useState } from 'react';

/** Tells the form around a field that the field shows a fault. @returns takes it back */
type Show = (fault: string) => () => void;

/** What the fields of a form tell it by. */
export const ShownFaults = createContext<Show | null>(null);

/** Which faults the fields of a form show, so that each is said once. */
export function useShownFaults(): readonly [shown: readonly string[], show: Show] {
  const [shown, setShown] = useState<readonly string[]>([]);
  const show = useCallback<Show>((fault) => {
    setShown((before) => [...before, fault]);
    return () => setShown((before) => before.toSpliced(before.indexOf(fault), 1));
  }, []);
  return [shown, show];
}

/** Of a field: the fault it shows, if any. Before anything is painted, so that nothing is seen twice for a moment. */
export function useShowFault(fault: string | undefined): void {
  const show = useContext(ShownFaults);
  useLayoutEffect(() => (fault === undefined || show === null ? undefined : show(fault)), [fault, show]);
}

/** What went wrong with what was sent. */
export interface FormProblem {
  readonly title: string;
  readonly detail: string;
  /** What is wrong with which value, by its path. */
  readonly errors?: Readonly<Record<string, string>>;
}

/**
 * What no field shows. A field says its fault and not its path, so where fewer fields say one than have it, all who have
 * it are named.
 * @returns undefined when fields show all of it
 */
export function beyondFields(
  { title, detail, errors = {} }: FormProblem,
  shown: readonly string[],
): { readonly title: string; readonly lines: readonly string[] } | undefined {
  const faults = Object.entries(errors);
  const times = (fault: string, among: readonly string[]): number => among.filter((each) => each === fault).length;
  const all = faults.map(([, message]) => message);
  const unseen = faults.filter(([, message]) => times(message, shown) < times(message, all));
  if (faults.length > 0 && unseen.length === 0) return undefined;
  if (shown.includes(detail)) return undefined;
  if (unseen.length === faults.length) return { title, lines: [detail] };
  return { title, lines: unseen.map(([path, message]) => `${path} ${message}`) };
}
