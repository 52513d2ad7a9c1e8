import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startPackagedServer } from './child.ts';

/** The published `@modelcontextprotocol/server-everything` over Streamable HTTP: a real upstream of the legacy kind. */
export const startEverything = (at?: number): Promise<{ url: string } & AsyncDisposable> => {
  const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json');
  return startPackagedServer(join(dirname(manifest), 'dist/index.js'), ['streamableHttp'], at);
};
