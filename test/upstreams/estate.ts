import type { EchoTool, EchoUpstream } from './echo.ts';
import { startEchoUpstream } from './echo.ts';

/** Many servers in one: each path `/s0`, `/s1`, … has tools of its own. */
export interface Estate extends EchoUpstream {
  urlOf(server: number): string;
}

const verbs = ['list', 'get', 'create', 'update', 'delete', 'search', 'export', 'archive', 'approve', 'assign'];
const nouns = ['invoice', 'customer', 'ticket', 'shipment', 'contract', 'employee', 'warehouse', 'campaign', 'meeting'];

/** Twenty tools as real servers have them, different for each server. */
export const estateTools = (server: number): EchoTool[] =>
  Array.from({ length: 20 }, (_, i) => {
    const verb = verbs[i % verbs.length]!;
    const noun = nouns[(server + Math.floor(i / verbs.length)) % nouns.length]!;
    return {
      name: `${verb}_${noun}_${server}`,
      description: `${verb} one ${noun} of department ${server}. Needs the id of the ${noun}, and says what has been done.`,
      inputSchema: {
        type: 'object',
        properties: { [`${noun}_id`]: { type: 'string', description: `Which ${noun}.` }, reason: { type: 'string' } },
        required: [`${noun}_id`],
      },
    };
  });

/** Start an upstream that stands for as many servers as are asked for by path. */
export async function startEstate(): Promise<Estate> {
  const upstream = await startEchoUpstream({
    era: 'legacy',
    intercept(request, id, res) {
      if (request.method !== 'tools/list') return false;
      const tools = estateTools(Number(/\/s(\d+)$/.exec(request.path)?.[1]));
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify({ tools })}}`);
      return true;
    },
  });
  return { ...upstream, urlOf: (server) => new URL(`/s${server}`, upstream.url).href };
}
