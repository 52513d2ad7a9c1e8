import { useSyncExternalStore } from 'react';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
export const densities = ['comfortable', 'compact'] as const;
export type Density = (typeof densities)[number];

const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

const themeNow = (): Theme => themes.find((theme) => theme === read('mcpnest.theme')) ?? 'system';
const densityNow = (): Density => (read('mcpnest.density') === 'compact' ? 'compact' : 'comfortable');

function apply(): void {
  const theme = themeNow();
  const { dataset } = document.documentElement;
  dataset['theme'] = theme === 'dark' || (theme === 'system' && system.matches) ? 'dark' : 'light';
  if (densityNow() === 'compact') dataset['density'] = 'compact';
  else delete dataset['density'];
  for (const listener of listeners) listener();
}

system.addEventListener('change', apply);
window.addEventListener('storage', apply);

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that stores nothing forgets the choice at the next page; the page at hand follows it.
  }
  apply();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The chosen theme and the way to choose another; kept in this browser. */
export const useTheme = (): readonly [Theme, (theme: Theme) => void] => [
  useSyncExternalStore(subscribe, themeNow),
  (theme) => write('mcpnest.theme', theme),
];

/** How much room rows have. */
export const useDensity = (): readonly [Density, (density: Density) => void] => [
  useSyncExternalStore(subscribe, densityNow),
  (density) => write('mcpnest.density', density),
];
