import type { ToolClass } from '@mcpnest/contract/rule-form';
import type { SnapshotServer } from '../snapshot.ts';

/** A tool that nobody has classified may change the world, and must not pass for one that only reads. */
export const unclassified: ToolClass = 'write';

const known = new WeakMap<SnapshotServer, ReadonlyMap<string, ToolClass>>();

/** The classes that were set of a server's tools, by its own names of them. Read once for each server of a snapshot. */
export function classesOf(server: SnapshotServer): ReadonlyMap<string, ToolClass> {
  let classes = known.get(server);
  if (classes === undefined) known.set(server, (classes = new Map(server.toolClasses)));
  return classes;
}

/** What a tool does to the world, as far as somebody has said it. */
export const classOf = (server: SnapshotServer, tool: string): ToolClass => classesOf(server).get(tool) ?? unclassified;
