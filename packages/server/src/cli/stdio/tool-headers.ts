import { member, stringValue } from '../../platform/json/scan.ts';
import { mirroredParams, paramHeaders, type ParamHeader } from '../../platform/param-headers.ts';
import type { Message } from './message.ts';

const maxTools = 5_000;

/**
 * Which arguments of which tools are mirrored in `Mcp-Param-*` headers (2026-07-28, streamable-http "Custom Headers").
 * A stdio client sends no headers, so the bridge remembers what the tool lists that pass by ask for.
 */
export class ToolHeaders {
  readonly #byTool = new Map<string, readonly ParamHeader[]>();

  /** Take note of the result of a `tools/list`. */
  learn(result: unknown): void {
    if (typeof result !== 'object' || result === null || !('tools' in result) || !Array.isArray(result.tools)) return;
    for (const tool of result.tools as unknown[]) {
      if (typeof tool !== 'object' || tool === null || !('name' in tool) || typeof tool.name !== 'string') continue;
      const headers = 'inputSchema' in tool ? (paramHeaders(tool.inputSchema) ?? []) : [];
      this.#byTool.delete(tool.name);
      if (headers.length > 0) this.#byTool.set(tool.name, headers);
    }
    for (const oldest of this.#byTool.keys()) {
      if (this.#byTool.size <= maxTools) break;
      this.#byTool.delete(oldest);
    }
  }

  /** Header names and values for a `tools/call`; none for any other message. */
  of({ bytes, method, params }: Message): readonly { header: string; value: string }[] {
    if (method !== 'tools/call') return [];
    const headers = this.#byTool.get(stringValue(bytes, member(params, 'name')) ?? '');
    return headers === undefined ? [] : mirroredParams(headers, bytes, member(params, 'arguments'));
  }
}
