import { useEffect, useSyncExternalStore } from 'react';

/** Something the command palette offers while a page that registered it is shown. */
export interface PaletteAction {
  /** `servers.add`; the same id again takes the place of the first. */
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
}

let actions: readonly PaletteAction[] = [];
const listeners = new Set<() => void>();

function put(next: readonly PaletteAction[]): void {
  actions = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Offer actions in the command palette while this page is shown. The list must keep its identity (useMemo). */
export function usePaletteActions(offered: readonly PaletteAction[]): void {
  useEffect(() => {
    const ids = new Set(offered.map(({ id }) => id));
    put([...actions.filter(({ id }) => !ids.has(id)), ...offered]);
    return () => put(actions.filter((action) => !offered.includes(action)));
  }, [offered]);
}

/** What is offered at the moment. */
export const useOfferedActions = (): readonly PaletteAction[] => useSyncExternalStore(subscribe, () => actions);
