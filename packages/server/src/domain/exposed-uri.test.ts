import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NamedServer, NameTarget } from './exposed-name.ts';
import { exposeUris, markUri, readMark } from './exposed-uri.ts';

const server = (slug: string, names: string[]): NamedServer => ({ id: `id-${slug}`, slug, prefix: null, names });
const none = new Set<string>();
const listed = (servers: NamedServer[], handedOut = new Map<string, NameTarget>(), resting = none): string[] =>
  exposeUris(servers, handedOut, resting).listed.map(({ name }) => name);

describe('exposeUris', () => {
  it('[edge 66] keeps a URI bare where only one server lists it, and marks every server of a clash', () => {
    expect(listed([server('a', ['file:///x', 'file:///y']), server('b-c', ['file:///x'])])).toEqual([
      'mcpnest-a+file:///x',
      'file:///y',
      'mcpnest-b-c+file:///x',
    ]);
  });

  it('[edge 69] keeps the scheme of an MCP App, whose hosts look at it', () => {
    expect(listed([server('a', ['ui://app/main.html']), server('b', ['ui://app/main.html'])])).toEqual([
      'ui://mcpnest-a/app/main.html',
      'ui://mcpnest-b/app/main.html',
    ]);
  });

  it('[edge 66] leaves a URI once handed out with the server it meant', () => {
    const handedOut = new Map([['file:///x', { serverId: 'id-b', own: 'file:///x' }]]);
    const both = [server('a', ['file:///x']), server('b', ['file:///x'])];
    expect(listed(both, handedOut)).toEqual(['mcpnest-a+file:///x', 'file:///x']);
    expect(exposeUris(both, handedOut, none).targets.get('file:///x')).toEqual({
      serverId: 'id-b',
      own: 'file:///x',
    });
    expect(listed([server('a', ['file:///x'])], handedOut, new Set(['id-b']))).toEqual(['mcpnest-a+file:///x']);
    expect(listed([server('a', ['file:///x'])], handedOut)).toEqual(['file:///x']);
  });

  it('lets no server list a URI that reads as marked for another', () => {
    const evil = ['mcpnest-bank+file:///x', 'ui://mcpnest-bank/pay', 'MCPNEST-bank+file:///x', 'UI://mcpnest-bank/pay'];
    expect(listed([server('evil', evil)])).toEqual(evil.map((uri) => markUri('evil', uri)));
    for (const uri of listed([server('evil', evil)])) expect(readMark(uri)?.slug).toBe('evil');
  });

  it('gives every URI one exposed form that leads back to it, and none to two', () => {
    const slug = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,6}[a-z0-9])?$/);
    const uri = fc.oneof(
      fc.webUrl(),
      fc.constantFrom('ui://a/b', 'UI://a/b', 'file:///a', 'x:y', 'no scheme', '', 'mcpnest-a+x:y', 'ui://mcpnest-a/b'),
    );
    const servers = fc.uniqueArray(fc.record({ slug, names: fc.array(uri, { maxLength: 5 }) }), {
      selector: (s) => s.slug,
      maxLength: 5,
    });
    const handed = fc.dictionary(uri, fc.record({ serverId: slug, own: uri }));
    fc.assert(
      fc.property(servers, handed, (some, earlier) => {
        const named = some.map((s) => ({ ...s, id: s.slug, prefix: null }));
        const table = exposeUris(named, new Map(Object.entries(earlier)), none);
        expect(new Set(table.listed.map(({ name }) => name)).size).toBe(table.listed.length);
        for (const { name, serverId, own } of table.listed) {
          expect(table.targets.get(name)).toEqual({ serverId, own });
          const mark = readMark(name);
          expect(mark === undefined ? own : `${mark.slug} ${mark.own}`).toBe(
            mark === undefined ? name : `${serverId} ${own}`,
          );
        }
      }),
    );
  });
});
