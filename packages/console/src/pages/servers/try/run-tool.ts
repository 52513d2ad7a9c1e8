import { callMcp } from '../../../mcp/client.ts';
import type { McpAnswer } from '../../../mcp/client.ts';
import { member } from '../../../mcp/json.ts';
import type { Json, JsonObject } from '../../../mcp/json.ts';
import { consoleToken, forgetConsoleToken } from './console-token.ts';

/** A change of tokens takes up to this long to reach the gateway. */
const newTokenMs = 2_000;

type Request = Omit<Parameters<typeof callMcp>[0], 'token'>;

/** Ask with a console token; one that the gateway does not take yet, or no longer, is tried for a moment and replaced. */
async function ask(request: Request): Promise<McpAnswer> {
  const until = Date.now() + newTokenMs;
  for (;;) {
    const token = await consoleToken(request.workspace);
    const answer = await callMcp({ ...request, token });
    if (answer.error?.code !== 401 || Date.now() > until) {
      if (answer.error?.code === 401) forgetConsoleToken(request.workspace);
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Pages of a list that are read to find one tool. */
const mostPages = 50;

/**
 * The input schema of a tool as the gateway serves it to this person.
 * @param tool the server's own name of it
 * @returns undefined where the list does not have it
 */
export async function readSchema(workspace: string, server: string, tool: string): Promise<Json | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const { result, error } = await ask({ workspace, server, method: 'tools/list', params });
    if (error !== undefined) throw new Error(error.message);
    const tools = member(result, 'tools');
    const found = Array.isArray(tools) ? tools.find((each: Json) => member(each, 'name') === tool) : undefined;
    if (found !== undefined) return member(found, 'inputSchema') ?? {};
    const next = member(result, 'nextCursor');
    if (typeof next !== 'string') return undefined;
    cursor = next;
  }
  return undefined;
}

/**
 * Call a tool as the person, through the gateway like any client.
 * @param name as clients of the workspace's URL call it
 */
export const runTool = (
  workspace: string,
  name: string,
  args: JsonObject,
  schema: Json,
  signal: AbortSignal,
): Promise<McpAnswer> => ask({ workspace, method: 'tools/call', params: { name, arguments: args }, schema, signal });
