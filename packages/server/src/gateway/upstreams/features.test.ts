import { expect, it } from 'vitest';
import { readFeatures } from './features.ts';

it('[edge 62] reads what a server declares, and nothing into what is out of form', () => {
  expect(
    readFeatures({
      tools: {},
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: 'yes' },
      logging: null,
      extensions: { 'io.modelcontextprotocol/tasks': { a: 1 }, ['__proto__x']: {} },
    }),
  ).toEqual({
    tools: true,
    prompts: true,
    resources: true,
    completions: false,
    logging: false,
    resourceSubscribe: true,
    toolsListChanged: false,
    promptsListChanged: true,
    resourcesListChanged: false,
    extensions: new Map([
      ['io.modelcontextprotocol/tasks', '{"a":1}'],
      ['__proto__x', '{}'],
    ]),
  });
  for (const odd of [undefined, null, 'tools', 1, [], { tools: true }]) {
    expect(readFeatures(odd)).toMatchObject({ tools: false, prompts: false, resourceSubscribe: false });
  }
});
