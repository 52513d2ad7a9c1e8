import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { consoleFolder } from '../../../scripts/console/build.ts';

export interface KitPage extends AsyncDisposable {
  readonly url: string;
}

/** Build a page of this folder with what the console is built with and serve it on loopback, with no product behind it. */
export async function serveKitPage(name: string): Promise<KitPage> {
  const built = await build({
    root: consoleFolder,
    configFile: false,
    logLevel: 'warn',
    plugins: [react(), tailwind()],
    build: {
      write: false,
      cssCodeSplit: false,
      rolldownOptions: {
        input: join(import.meta.dirname, `${name}.tsx`),
        output: { entryFileNames: 'page.js', assetFileNames: 'page[extname]' },
      },
    },
  });
  if (!('output' in built)) throw new Error('one page is one build');
  const text = (fileName: string): string => {
    const file = built.output.find((one) => one.fileName === fileName);
    if (file === undefined) throw new Error(`the build has no ${fileName}`);
    return file.type === 'chunk' ? file.code : String(file.source);
  };
  const files: Readonly<Record<string, readonly [media: string, body: string]>> = {
    '/': [
      'text/html',
      `<!doctype html><html lang="en"><link rel="icon" href="data:,"><link rel="stylesheet" href="page.css"><title>${name}</title><div id="root"></div><script type="module" src="page.js"></script></html>`,
    ],
    '/page.js': ['text/javascript', text('page.js')],
    '/page.css': ['text/css', text('page.css')],
  };
  const server = createServer(({ url = '' }, response) => {
    const [media, body] = files[url] ?? ['text/plain', 'There is no such file.'];
    response.writeHead(url in files ? 200 : 404, { 'content-type': media }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
