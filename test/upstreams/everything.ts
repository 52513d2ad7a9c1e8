import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startPackagedServer } from './child.ts';

/** The published `@modelcontextprotocol/server-everything` over Streamable HTTP: a real upstream of the legacy kind. */
export const startEverything = (at?: number): Promise<{ url: string } & AsyncDisposable> =>
  startPackagedServer(script(), ['streamableHttp'], at);

/** The same over the deprecated HTTP+SSE transport. */
export async function startEverythingSse(at?: number): Promise<{ url: string } & AsyncDisposable> {
  const server = await startPackagedServer(script(), ['sse'], at);
  return { ...server, url: new URL('/sse', server.url).href };
}

const script = (): string => {
  const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json');
  return join(dirname(manifest), 'dist/index.js');
};
