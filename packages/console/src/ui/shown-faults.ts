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
