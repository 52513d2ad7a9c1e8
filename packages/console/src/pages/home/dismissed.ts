import { useState } from 'react';

const read = (key: string): boolean => {
  try {
    return localStorage.getItem(key) === '1';
  } catch {
    return false;
  }
};

/** Whether a person wants no more of something on this browser, and the way to say so. */
export function useDismissed(what: string, userId: string): readonly [boolean, (yes: boolean) => void] {
  const key = `mcpnest.dismissed.${what}.${userId}`;
  const [dismissed, setDismissed] = useState(() => read(key));
  const set = (yes: boolean): void => {
    try {
      if (yes) localStorage.setItem(key, '1');
      else localStorage.removeItem(key);
    } catch {
      // A browser that stores nothing asks again at the next visit.
    }
    setDismissed(yes);
  };
  return [dismissed, set];
}
