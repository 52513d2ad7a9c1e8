import type { Dependencies } from '@mcpnest/contract/schemas/charts';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/home.ts';
import { visibleParts } from '../../ui/visible-parts.ts';
import { layOut } from './map-layout.ts';
import type { MapLine, MapNode } from './map-layout.ts';

export interface DependencyMapProps {
  readonly workspace: string;
  readonly dependencies: Dependencies;
}

/** Places of the columns, in units of the drawing. */
const width = 900;
const column = { workspace: 0, servers: 345, users: 690 } as const;
const box = { width: 210, height: 26 } as const;
const mostCharacters = 20;

/** Names as text, hidden characters made visible, and short enough for their place. */
function shortened(name: string): string {
  const text = visibleParts(name)
    .map((part) => part.text)
    .join('');
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}

const userName = (from: string): string => (from === 'workspace' ? t('everybodyElse') : from.replace(/^team:/, ''));

/** Workspace, servers, and who uses them; drawn, and the same as a table. */
export function DependencyMap({ workspace, dependencies }: DependencyMapProps) {
  const { height, workspaceY, servers, users, inner, outer, hidden } = layOut(dependencies);
  return (
    <figure className="flex flex-col gap-2">
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={t('mapDrawing')}>
        <svg viewBox={`0 0 ${width} ${height}`} className="w-full max-w-4xl min-w-2xl" aria-hidden>
          {inner.map((line) => (
            <Line key={`inner ${line.toY}`} line={line} fromX={column.workspace + box.width} toX={column.servers} />
          ))}
          {outer.map((line) => (
            <Line
              key={`outer ${line.fromY} ${line.toY}`}
              line={line}
              fromX={column.servers + box.width}
              toX={column.users}
            />
          ))}
          <Box x={column.workspace} node={{ name: workspace, y: workspaceY, calls: 0 }} />
          {servers.map((node) => (
            <Box key={node.name} x={column.servers} node={node} />
          ))}
          {users.map((node) => (
            <Box key={node.name} x={column.users} node={{ ...node, name: userName(node.name) }} />
          ))}
        </svg>
      </div>
      {hidden > 0 && <p className="text-sm text-quiet">{t('andMore', { count: hidden })}</p>}
      <details className="text-sm text-quiet">
        <summary className="w-fit cursor-pointer rounded">{t('mapTable')}</summary>
        <div className="max-h-80 overflow-auto" tabIndex={0} role="region" aria-label={t('mapTable')}>
          <table className="mt-2 w-full text-left">
            <thead>
              <tr>
                {[t('from'), t('server'), t('calls'), t('failed'), t('denied')].map((name) => (
                  <th key={name} scope="col" className="py-1 pr-4 font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {dependencies.edges.map(({ from, server, calls, failed, denied }) => (
                <tr key={`${from} ${server}`} className="border-t border-line">
                  <th scope="row" className="py-1 pr-4 font-normal">
                    <bdi>{userName(from)}</bdi>
                  </th>
                  <td className="pr-4">{server}</td>
                  <td className="pr-4">{formatNumber(calls)}</td>
                  <td className="pr-4">{formatNumber(failed)}</td>
                  <td>{formatNumber(denied)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

interface LineProps {
  readonly line: MapLine;
  readonly fromX: number;
  readonly toX: number;
}

function Line({ line: { fromY, toY, width: thickness, failing }, fromX, toX }: LineProps) {
  const middle = (fromX + toX) / 2;
  return (
    <path
      d={`M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${toX} ${toY}`}
      fill="none"
      strokeWidth={thickness}
      strokeDasharray={failing ? '7 4' : undefined}
      className={failing ? 'stroke-bad opacity-70' : 'stroke-accent opacity-45'}
    />
  );
}

function Box({ x, node: { name, y, calls } }: { readonly x: number; readonly node: MapNode }) {
  return (
    <g>
      <rect
        {...box}
        x={x + 0.5}
        y={y - box.height / 2}
        width={box.width - 1}
        rx="6"
        className="fill-sunken stroke-line"
      />
      <text x={x + 10} y={y} dominantBaseline="central" className="fill-text text-sm font-medium">
        {shortened(name)}
      </text>
      {calls > 0 && (
        <text x={x + box.width - 10} y={y} dominantBaseline="central" textAnchor="end" className="fill-quiet text-sm">
          {formatNumber(calls)}
        </text>
      )}
    </g>
  );
}
