/**
 * Loaded before anything is painted, as a classic script of its own: the theme the person chose, or the system's.
 * It must import nothing, since a classic script cannot.
 */
(() => {
  const root = document.documentElement;
  const read = (key: string): string | null => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const chosen = read('mcpnest.theme');
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset['theme'] = dark ? 'dark' : 'light';
  if (read('mcpnest.density') === 'compact') root.dataset['density'] = 'compact';
})();
