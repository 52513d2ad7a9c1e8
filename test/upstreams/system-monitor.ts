import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPackagedServer } from './child.ts';

/** The published `@modelcontextprotocol/server-system-monitor` over Streamable HTTP: a second real upstream. */
export const startSystemMonitor = (): Promise<{ url: string } & AsyncDisposable> => {
  const entry = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-system-monitor'));
  return startPackagedServer(join(dirname(entry), 'index.js'), []);
};
