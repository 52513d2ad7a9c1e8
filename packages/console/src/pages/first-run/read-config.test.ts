import { describe, expect, it } from 'vitest';
import { parseJsonc, readConfig } from './read-config.ts';

describe('a configuration in a page', () => {
  it('is read with comments and commas too many, and what looks like them in texts stays', () => {
    const text = `{
      // servers
      "a": "http://x/*no comment*/,]", /* more
      of it */ "b": [1, 2, ],
    }`;
    expect(parseJsonc(text)).toEqual({ a: 'http://x/*no comment*/,]', b: [1, 2] });
  });

  it.each(['', '[mcp_servers.x]\nurl = "https://a"', '{"a": }', '/* never closed', `{"a": "${'\\'.repeat(5)}`])(
    'is refused when it is none: %s',
    (text) => {
      expect(readConfig(text)).toBeUndefined();
    },
  );

  it('[NEW-07] gives the servers of it, with their secrets masked', () => {
    const { servers } = readConfig(
      '{"mcpServers": {"gh": {"url": "https://a.example.com/mcp", "headers": {"Authorization": "Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345"}}}}',
    )!;
    expect(servers.map(({ name, url, headers }) => [name, url, headers[0]!.shown])).toEqual([
      ['gh', 'https://a.example.com/mcp', 'Bearer ghp_…2345'],
    ]);
  });

  it('takes as long as its length, whatever it holds', () => {
    const started = performance.now();
    readConfig('/*'.repeat(20_000));
    readConfig('"\\'.repeat(20_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
