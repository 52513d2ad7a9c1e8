import { useRouter, useRouterState } from '@tanstack/react-router';
import { useCallback } from 'react';

/** Go to an address from `paths`; with `replace` the present one is forgotten. */
export function useGo(): (to: string, options?: { readonly replace?: boolean }) => void {
  const { history } = useRouter();
  return useCallback((to, options) => (options?.replace === true ? history.replace(to) : history.push(to)), [history]);
}

/** The path and the query of where the person is. */
export const useHere = (): { readonly pathname: string; readonly searchStr: string } =>
  useRouterState({
    select: ({ location: { pathname, searchStr } }) => ({ pathname, searchStr }),
    structuralSharing: true,
  });

/** Filters of a page, which live in its address: shareable, and kept by the browser's own history. */
export function useFilters<K extends string>(
  keys: readonly K[],
): readonly [Readonly<Partial<Record<K, string>>>, (change: Readonly<Partial<Record<K, string | undefined>>>) => void] {
  const { pathname, searchStr } = useHere();
  const go = useGo();
  const params = new URLSearchParams(searchStr);
  const values: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = params.get(key);
    if (value !== null && value !== '') values[key] = value;
  }
  const set = (change: Readonly<Partial<Record<K, string | undefined>>>): void => {
    for (const key of keys) {
      if (!(key in change)) continue;
      const value = change[key];
      if (value === undefined || value === '') params.delete(key);
      else params.set(key, value);
    }
    const query = params.toString();
    go(query === '' ? pathname : `${pathname}?${query}`, { replace: true });
  };
  return [values, set];
}
