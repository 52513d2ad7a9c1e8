import { expect, it } from 'vitest';
import { layOut } from './map-layout.ts';

const used = (calls: number, failed = 0) => ({ calls, failed, denied: 0 });

it('places servers and who uses them, most calls first, with a line for each use', () => {
  const layout = layOut({
    servers: [
      { server: 'github', ...used(80, 2) },
      { server: 'docs', ...used(10) },
    ],
    edges: [
      { from: 'team:platform', server: 'github', ...used(50, 2) },
      { from: 'workspace', server: 'github', ...used(30) },
      { from: 'workspace', server: 'docs', ...used(10) },
    ],
  });
  expect(layout.servers.map(({ name }) => name)).toEqual(['github', 'docs']);
  expect(layout.users.map(({ name, calls }) => [name, calls])).toEqual([
    ['team:platform', 50],
    ['workspace', 40],
  ]);
  expect(layout.inner.map(({ width, failing }) => [width, failing])).toEqual([
    [8, true],
    [1, false],
  ]);
  expect(layout.outer).toHaveLength(3);
  expect(layout.hidden).toBe(0);
});

it('leaves out what no longer fits, with its lines, and says how much', () => {
  const servers = Array.from({ length: 30 }, (_, index) => ({ server: `s${index}`, ...used(30 - index) }));
  const layout = layOut({ servers, edges: servers.map(({ server }) => ({ from: 'workspace', server, ...used(1) })) });
  expect([layout.servers.length, layout.outer.length, layout.hidden]).toEqual([12, 12, 18]);
  expect(layout.servers.every(({ y }) => y > 0 && y < layout.height)).toBe(true);
});
