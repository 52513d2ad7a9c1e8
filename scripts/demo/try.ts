import { demoWorkspace } from './servers.ts';

/**
 * The same request as the printed curl line, through the real gateway.
 * @returns how many tools it shows; asked again for some seconds while there are none yet
 */
export async function countTools(url: string, token: string): Promise<number> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const response = await fetch(`${url}/api/gw/${demoWorkspace}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    const text = await response.text();
    const tools = response.ok ? toolsIn(text) : undefined;
    if (tools !== undefined && tools > 0) return tools;
    if (performance.now() > deadline) throw new Error(`the gateway answered ${response.status}: ${text.slice(0, 300)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function toolsIn(text: string): number | undefined {
  const answer: unknown = JSON.parse(text);
  const { result } = answer as { result?: { tools?: unknown } };
  return Array.isArray(result?.tools) ? result.tools.length : undefined;
}
