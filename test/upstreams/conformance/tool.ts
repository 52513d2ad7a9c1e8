import type { CallToolResult, InputRequiredResult, ServerContext, Tool } from '@modelcontextprotocol/server';

export type ToolResult = CallToolResult | InputRequiredResult;

export interface FixtureTool {
  readonly description: string;
  readonly inputSchema: Tool['inputSchema'];
  run(args: Record<string, unknown>, context: ServerContext, fixture: FixtureEvents): ToolResult | Promise<ToolResult>;
}

/** What a tool may announce to every subscriber. */
export interface FixtureEvents {
  /** How often the tools, and the prompts, have changed. */
  toolChanges: number;
  promptChanges: number;
  toolsChanged(): void;
  promptsChanged(): void;
}

export const text = (...lines: string[]): CallToolResult => ({
  content: lines.map((line) => ({ type: 'text', text: line })),
});
