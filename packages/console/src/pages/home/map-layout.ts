import type { Dependencies } from '@mcpnest/contract/schemas/charts';

/** One box of the map. */
export interface MapNode {
  readonly name: string;
  readonly y: number;
  readonly calls: number;
}

/** A line between a server and the workspace, or between a server and who uses it. */
export interface MapLine {
  readonly fromY: number;
  readonly toY: number;
  /** Of the line, in units of the drawing. */
  readonly width: number;
  readonly failing: boolean;
}

export interface MapLayout {
  readonly height: number;
  readonly workspaceY: number;
  readonly servers: readonly MapNode[];
  readonly users: readonly MapNode[];
  /** Workspace to server. */
  readonly inner: readonly MapLine[];
  /** Server to user. */
  readonly outer: readonly MapLine[];
  /** Servers and users that are not drawn. */
  readonly hidden: number;
}

const rowHeight = 34;
const mostRows = 12;
const widest = 8;

/** Where everything of a map is drawn: servers and their users in two columns, most calls first. */
export function layOut({ servers, edges }: Pick<Dependencies, 'servers' | 'edges'>): MapLayout {
  const byUser = new Map<string, number>();
  for (const { from, calls } of edges) byUser.set(from, (byUser.get(from) ?? 0) + calls);
  const users = [...byUser].toSorted(([, a], [, b]) => b - a);
  const rows = Math.min(mostRows, Math.max(servers.length, users.length, 1));
  const height = rows * rowHeight;
  const place = (list: readonly (readonly [string, number])[]): MapNode[] => {
    const shown = list.slice(0, mostRows);
    const step = height / Math.max(1, shown.length);
    return shown.map(([name, calls], index) => ({ name, calls, y: step * (index + 0.5) }));
  };
  const serverNodes = place(servers.map(({ server, calls }) => [server, calls]));
  const userNodes = place(users);
  const top = Math.max(1, ...servers.map(({ calls }) => calls));
  const width = (calls: number): number => Math.max(1, (calls / top) * widest);
  const serverY = new Map(serverNodes.map(({ name, y }) => [name, y]));
  const userY = new Map(userNodes.map(({ name, y }) => [name, y]));
  const workspaceY = height / 2;
  return {
    ...{ height, workspaceY, servers: serverNodes, users: userNodes },
    inner: servers.slice(0, mostRows).map(({ server, calls, failed }) => ({
      ...{ fromY: workspaceY, toY: serverY.get(server)!, width: width(calls), failing: failed > 0 },
    })),
    outer: edges.flatMap(({ from, server, calls, failed }) => {
      const [fromY, toY] = [serverY.get(server), userY.get(from)];
      if (fromY === undefined || toY === undefined) return [];
      return [{ fromY, toY, width: width(calls), failing: failed > 0 }];
    }),
    hidden: servers.length + users.length - serverNodes.length - userNodes.length,
  };
}
