import type { ByteStream } from '@mcpnest/contract/operation';
import { useEffect, useRef, useState } from 'react';
import { saveFile } from '../../save-file.ts';

/** How a download fares. */
export type Download =
  | { readonly state: 'none' }
  | { readonly state: 'running' | 'cancelled'; readonly bytes: number }
  | { readonly state: 'done'; readonly bytes: number; readonly name: string; readonly next: string | null }
  | { readonly state: 'failed'; readonly error: unknown };

export interface Downloading {
  readonly download: Download;
  /** @param next the header that says where a later one goes on */
  readonly start: (name: string, ask: () => Promise<ByteStream>, next?: string) => void;
  readonly cancel: () => void;
}

/** Progress is shown this often. */
const shownMs = 100;

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

/** Receive a stream, say how much of it has come, and save it once all has; leaving the page cancels it. */
export function useDownload(): Downloading {
  const [download, setDownload] = useState<Download>({ state: 'none' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function receive(name: string, ask: () => Promise<ByteStream>, next: string | undefined): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    let bytes = 0;
    setDownload({ state: 'running', bytes });
    try {
      const asked = ask();
      const answer = await Promise.race([asked, aborted(signal)]);
      if (answer === undefined) {
        asked.then(({ body }) => body.cancel()).catch(() => undefined);
        return setDownload({ state: 'cancelled', bytes });
      }
      const { body, contentType, headers } = answer;
      const reader = body.getReader();
      signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true });
      const chunks: Blob[] = [];
      let shownAt = 0;
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        // Into a Blob at once, which the browser may keep on its disk.
        chunks.push(new Blob([new Uint8Array(part.value)]));
        bytes += part.value.length;
        if (performance.now() - shownAt < shownMs) continue;
        shownAt = performance.now();
        if (!signal.aborted) setDownload({ state: 'running', bytes });
      }
      if (signal.aborted) return setDownload({ state: 'cancelled', bytes });
      saveFile(name, new Blob(chunks, { type: contentType }));
      setDownload({ state: 'done', bytes, name, next: next === undefined ? null : (headers[next] ?? null) });
    } catch (error) {
      setDownload(signal.aborted ? { state: 'cancelled', bytes } : { state: 'failed', error });
    }
  }

  return {
    download,
    start: (name, ask, next) => void receive(name, ask, next),
    cancel: () => running.current?.abort(),
  };
}
