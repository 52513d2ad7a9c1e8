import type { Page, Request } from 'playwright-core';

/** Write down whatever a page does that it must not. */
export async function watchFaults(page: Page, origin: string, faults: string[]): Promise<void> {
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`asks ${url}`);
  });
  page.on('pageerror', (error) => faults.push(`throws ${error.message}`));
  page.on('console', (message) => {
    // The browser itself reports each answer that is an error; whether that is a fault, the test knows.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(`prints ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`),
    );
  });
}

/**
 * Follow the requests of a page.
 * @returns what waits for two frames without a request under way and without a placeholder in sight: what an answer
 * makes the page ask next has been asked by then
 */
export function watchRequests(page: Page): () => Promise<void> {
  const underWay = new Set<Request>();
  let asked = 0;
  page.on('request', (request) => {
    asked++;
    underWay.add(request);
  });
  const over = (request: Request): void => void underWay.delete(request);
  page.on('requestfinished', over).on('requestfailed', over);
  const drawn = (): Promise<boolean> =>
    page.evaluate(async () => {
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      return document.querySelector('[role="status"][aria-label="Loading"]') === null;
    });
  return async () => {
    const deadline = Date.now() + 15_000;
    for (let before = -1; ; before = asked) {
      const complete = await drawn();
      if (complete && underWay.size === 0 && before === asked) return;
      if (Date.now() > deadline)
        throw new Error(`the page does not settle: ${[...underWay].map((request) => request.url()).join(' ')}`);
    }
  };
}
