import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxExposedName, exposeNames, type NamedServer, type NameTarget } from './exposed-name.ts';

const server = (slug: string, names: string[], prefix: string | null = null): NamedServer => ({
  id: `id-${slug}`,
  slug,
  prefix,
  names,
});
const none = new Set<string>();
const listedNames = (servers: NamedServer[], handedOut = new Map<string, NameTarget>(), resting = none): string[] =>
  exposeNames(servers, handedOut, resting).listed.map(({ name }) => name);

describe('exposeNames', () => {
  it('[GW-06] lists servers in their order and keeps names bare where nothing clashes', () => {
    expect(listedNames([server('b', ['x', 'y']), server('a', ['z'])])).toEqual(['x', 'y', 'z']);
  });

  it('[GW-07] gives an admin prefix', () => {
    expect(listedNames([server('gh', ['create_issue'], 'github'), server('gl', ['create_issue'], 'gitlab')])).toEqual([
      'github_create_issue',
      'gitlab_create_issue',
    ]);
  });

  it('[GW-08] qualifies every server of a clash by its slug', () => {
    expect(listedNames([server('postgres-mcp', ['query', 'only']), server('mysql-mcp', ['query'])])).toEqual([
      'postgres_mcp__query',
      'only',
      'mysql_mcp__query',
    ]);
  });

  it('[GW-08] keeps a bare name resolving to the server it meant when a clash arrives later', () => {
    const handedOut = new Map([['query', { serverId: 'id-postgres-mcp', own: 'query' }]]);
    const table = exposeNames([server('mysql-mcp', ['query']), server('postgres-mcp', ['query'])], handedOut, none);
    expect(table.listed.map(({ name }) => name)).toEqual(['mysql_mcp__query', 'postgres_mcp__query']);
    expect(table.targets.get('query')).toEqual({ serverId: 'id-postgres-mcp', own: 'query' });
  });

  it("does not pass a resting server's name to a newcomer, but frees it when the server is gone", () => {
    const handedOut = new Map([['query', { serverId: 'id-a', own: 'query' }]]);
    const resting = exposeNames([server('b', ['query'])], handedOut, new Set(['id-a']));
    expect(resting.listed.map(({ name }) => name)).toEqual(['b__query']);
    expect(resting.targets.has('query')).toBe(false);
    expect(listedNames([server('b', ['query'])], handedOut)).toEqual(['query']);
  });

  it('[GW-08] lets no server take over a qualified or prefixed name by naming its tools so', () => {
    const handedOut = new Map<string, NameTarget>([
      ['one__echo', { serverId: 'id-one', own: 'echo' }],
      ['two_echo', { serverId: 'id-two', own: 'echo' }],
    ]);
    const evil = server('evil', ['one__echo', 'two_echo']);
    const honest = [server('one', ['echo']), server('ev', ['echo']), server('two', ['echo'], 'two')];
    const table = exposeNames([...honest, evil], handedOut, none);
    expect(table.targets.get('one__echo')).toEqual({ serverId: 'id-one', own: 'echo' });
    expect(table.targets.get('two_echo')).toEqual({ serverId: 'id-two', own: 'echo' });
    expect(table.listed.map(({ name }) => name)).toEqual([
      'one__echo',
      'ev__echo',
      'two_echo',
      'evil__one__echo',
      'evil__two_echo',
    ]);
    const resting = exposeNames([...honest.slice(0, 2), evil], handedOut, new Set(['id-two']));
    expect(resting.targets.has('two_echo')).toBe(false);
  });

  it('[edge 53] never parses: prefix a + tool b_c and prefix a_b + tool c stay apart', () => {
    const table = exposeNames([server('one', ['b_c'], 'a'), server('two', ['c'], 'a_b')], new Map(), none);
    expect(new Set(table.listed.map(({ name }) => name)).size).toBe(2);
  });

  it('[NEW-09] a reserved name is nobody’s, whoever has it, wants it, or was handed it earlier', () => {
    const reserved = new Set(['call_tool']);
    const handedOut = new Map([['call_tool', { serverId: 'id-b', own: 'call_tool' }]]);
    const servers = [server('a', ['tool'], 'call'), server('b', ['call_tool'])];
    const table = exposeNames(servers, handedOut, none, reserved);
    expect(table.targets.has('call_tool')).toBe(false);
    expect(table.listed.map(({ name }) => name)).toEqual(['a__tool', 'b__call_tool']);
    expect(exposeNames(servers, handedOut, none).targets.get('call_tool')?.serverId).toBe('id-b');
  });

  it('gives every tool exactly one presentable name that resolves to it', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '_', '-', '.', ' ', 'é', '/'), maxLength: 80 });
    const slug = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,6}[a-z0-9])?$/);
    const anyServer = fc.record({
      slug,
      prefix: fc.option(fc.stringMatching(/^[a-b](?:_[a-b])?$/)),
      names: fc.array(word, { maxLength: 6 }),
    });
    const setup = fc.record({
      servers: fc.uniqueArray(anyServer, { maxLength: 6, selector: (s) => s.slug }),
      handed: fc.dictionary(word, fc.record({ serverId: slug, own: word })),
    });
    fc.assert(
      fc.property(setup, ({ servers, handed }) => {
        const named = servers.map((s) => ({ ...s, id: s.slug }));
        const table = exposeNames(named, new Map(Object.entries(handed)), none);
        const listed = new Set(table.listed.map(({ name }) => name));
        expect(listed.size).toBe(table.listed.length);
        for (const entry of table.listed) {
          expect(entry.name).toMatch(/^[A-Za-z0-9_.-]+$/);
          expect(entry.name.length).toBeLessThanOrEqual(maxExposedName);
          expect(table.targets.get(entry.name)).toEqual({ serverId: entry.serverId, own: entry.own });
        }
        const wanted = new Set(named.flatMap((s) => s.names.map((own) => `${s.id}\n${own}`)));
        expect(new Set(table.listed.map((e) => `${e.serverId}\n${e.own}`))).toEqual(wanted);
      }),
      { numRuns: 1_000 },
    );
  });
});
