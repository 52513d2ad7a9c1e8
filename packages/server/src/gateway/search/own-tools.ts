import { isSearchTool, type SearchToolName } from '../../domain/search-tools.ts';
import type { Asked } from '../governed-call.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import { callThrough } from './call-tool.ts';
import { describeTools } from './describe-tools.ts';
import { findTools } from './find-tools.ts';

/** Answers a `tools/call` of a tool of the gateway itself. @throws RpcError, AppError */
export type OwnTool = (deps: GatewayDeps, call: Exchanged, message: Message, asked: Asked) => Promise<void>;

const ownTools: Readonly<Record<SearchToolName, OwnTool>> = {
  find_tools: findTools,
  describe_tools: describeTools,
  call_tool: callThrough,
};

/**
 * The tool of the gateway itself that a call means. At the URL of a workspace these names are nobody else's, whatever is
 * listed: a list may change its mode between being read and being used. At the URL of one server, whose tools have their
 * own names, they are the gateway's where the URL asks for them.
 */
export function ownTool({ server, tools }: Pick<Exchanged, 'server' | 'tools'>, name: string): OwnTool | undefined {
  if (!isSearchTool(name)) return undefined;
  return server === undefined || (tools ?? 'all') !== 'all' ? ownTools[name] : undefined;
}
