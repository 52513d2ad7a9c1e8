import { expect, it } from 'vitest';
import { addedOf, missingOf, obstacleOf, readConfig } from './read-config.ts';

const config = `{
  // What a client has.
  "mcpServers": {
    "github": { "url": "https://mcp.example.com/mcp", "headers": { "Authorization": "Bearer ghp_0123456789abcdefghij0123", "X-Key": "\${KEY}" } },
    "files": { "command": "npx", "args": ["-y", "files"] }, /* a program */
    "nest": { "url": "https://nest.example.com/api/gw/acme" },
  },
}`;

it('[NEW-07] reads a configuration with comments, masks what is secret and says what cannot be added', () => {
  const { servers, problems } = readConfig(config);
  expect(problems).toEqual([]);
  expect(servers.map((each) => obstacleOf(each, 'https://nest.example.com/api/gw'))).toEqual([
    undefined,
    'program',
    'self',
  ]);
  const [github] = servers;
  expect(github!.headers[0]!.shown).not.toContain('0123456789');
  expect(addedOf(github!)).toEqual({
    name: 'github',
    url: 'https://mcp.example.com/mcp',
    credential: { headers: { Authorization: 'Bearer ghp_0123456789abcdefghij0123' } },
  });
  expect(missingOf(github!)).toEqual(['X-Key']);
});

it('leaves texts alone that look like comments, and refuses what is no object', () => {
  expect(readConfig('{"servers":{"a":{"url":"https://a.example/x,}//y"}}}').servers[0]?.url).toContain('//y');
  expect(() => readConfig('[]')).toThrow(SyntaxError);
  expect(() => readConfig('{')).toThrow(SyntaxError);
});
