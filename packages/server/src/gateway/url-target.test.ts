import { describe, expect, it } from 'vitest';
import { parsePath } from './url-target.ts';

const code = (url: string): string => {
  try {
    parsePath(url);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parsePath', () => {
  it('[NEW-09] reads how tools are to be listed, and nothing else, from the query', () => {
    const bare = { workspace: 'acme', server: undefined, tools: undefined };
    for (const url of ['/api/gw/acme', '/api/gw/acme/', '/api/gw/acme?', '/api/gw/acme?x=1&server=github'])
      expect(parsePath(url)).toEqual(bare);
    for (const tools of ['all', 'search', 'auto'])
      expect(parsePath(`/api/gw/acme/github?x=1&tools=${tools}`)).toEqual({
        workspace: 'acme',
        server: 'github',
        tools,
      });
    // Twice: what is known of a URL is its own.
    expect(parsePath('/api/gw/acme?tools=search').tools).toBe('search');
    expect(parsePath('/api/gw/acme')).toEqual(bare);
  });

  it('[NEW-09] refuses a choice that is none', () => {
    for (const tools of ['', 'few', 'Search', 'search,all', '__proto__'])
      expect(code(`/api/gw/acme?tools=${tools}`), tools).toBe('invalid_input');
    expect(code('/api/gw/acme/a/b?tools=all')).toBe('not_found');
  });
});
