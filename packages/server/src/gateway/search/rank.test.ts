import { describe, expect, it } from 'vitest';
import { defaultServerLimits, type SnapshotServer } from '../../domain/snapshot.ts';
import { readDefinitions, type Definition } from '../definitions.ts';
import { listForms } from '../list-kinds.ts';
import { rank } from './rank.ts';
import { toolWords } from './tool-words.ts';

interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: unknown;
  readonly parameters?: readonly string[];
}

const server = (slug: string): SnapshotServer => ({
  ...{ id: slug, slug, name: slug, url: 'http://x', prefix: null, revision: 1, credential: null },
  limits: defaultServerLimits,
});
const plain = server('one');

const define = ({ parameters = [], ...tool }: Tool): Definition => {
  const properties = Object.fromEntries(parameters.map((name) => [name, { type: 'string' }]));
  const text = JSON.stringify({ ...tool, inputSchema: { type: 'object', properties } });
  return readDefinitions([text], listForms.tools).definitions[0]!;
};

function order(query: string, tools: readonly Tool[], at: (i: number) => SnapshotServer = () => plain): string[] {
  const ranked = tools.map((tool, i) => ({ server: at(i), words: toolWords(define(tool)) }));
  return rank(ranked, query).map((i) => tools[i]!.name);
}

const tools: Tool[] = [
  { name: 'list_issues', description: 'Lists the issues of a repository.' },
  { name: 'createIssue', description: 'Opens one.', parameters: ['repository', 'title'] },
  { name: 'create_pull_request', description: 'Proposes a change.' },
  { name: 'x17', title: 'Weather forecast', description: 'Tells how it will be.' },
  { name: 'send', description: 'Sends a message to a channel.', parameters: ['channelName'] },
];

describe('rank', () => {
  it('[NEW-09] finds by name, title, description and parameters, in this order of weight', () => {
    expect(order('create issue', tools)[0]).toBe('createIssue');
    expect(order('open pull requests', tools)[0]).toBe('create_pull_request');
    expect(order('weather', tools)).toEqual(['x17']);
    expect(order('channel name', tools)).toEqual(['send']);
    expect(order('message', tools)).toEqual(['send']);
    expect(order('nothing of all this, xyzzy', tools)).not.toContain('x17');
    const fields: Tool[] = [
      { name: 'a', description: 'invoice' },
      { name: 'b', parameters: ['invoice'] },
      { name: 'c', title: 'invoice' },
      { name: 'invoice' },
    ];
    expect(order('invoice', fields)).toEqual(['invoice', 'c', 'b', 'a']);
  });

  it('[NEW-09] counts the name of the server', () => {
    const same = [{ name: 'search' }, { name: 'search' }, { name: 'other' }];
    const servers = [server('jira'), server('git-hub'), server('git-hub')];
    const ranked = same.map((tool, i) => ({ server: servers[i]!, words: toolWords(define(tool)) }));
    expect(rank(ranked, 'hub search')[0]).toBe(1);
    expect(rank(ranked, 'hub search')).toHaveLength(3);
    const wordless = { server: server('hub'), words: toolWords(define({ name: '🙂' })) };
    expect(rank([wordless], 'hub')).toEqual([0]);
  });

  it('[NEW-09] keywords in masses do not outrank a tool that is called what is looked for', () => {
    const words = 'create issue repository pull request weather forecast send message channel list search delete';
    const stuffed: Tool[] = [
      { name: 'evil', description: `${words} `.repeat(500) },
      { name: 'evil2', description: 'create issue '.repeat(3_000), title: 'x' },
      { name: 'evil3', description: 'create issue', parameters: [...`${words} create issue`.split(' ')] },
    ];
    for (const query of ['create issue', 'createIssue', 'creating an issue']) {
      expect(order(query, [...stuffed, ...tools])[0], query).toBe('createIssue');
    }
    expect(order('pull request', [...stuffed, ...tools])[0]).toBe('create_pull_request');
  });

  it('[NEW-09] a hostile definition is read within bounds and breaks nothing', () => {
    const odd: Tool[] = [
      { name: '.*(a+)+$', description: '^(a+)+$' },
      { name: '__proto__', description: 'constructor __proto__ toString' },
      { name: 'number', description: 17 },
      { name: 'nothing', description: null },
      { name: 'huge', description: `${Array.from({ length: 6_000 }, (_, i) => `w${i}x`).join(' ')} needle` },
      { name: 'unicode', description: '\u202Eneedle 𝓬𝓻𝓮𝓪𝓽𝓮 ' + '\u0301'.repeat(5_000) },
    ];
    expect(toolWords(define(odd[4]!)).hashes.length).toBeLessThanOrEqual(160);
    expect(order('needle', odd)).toEqual(['unicode']);
    expect(order('create', odd)).toEqual(['unicode']);
    expect(order('(a+)+$ .*', odd)).toEqual(['.*(a+)+$']);
    expect(order('constructor', odd)).toEqual(['__proto__']);
    expect(order('', odd)).toEqual([]);
    expect(order('needle', [])).toEqual([]);
  });

  it('[NEW-09] of 2,000 tools takes at most 5 ms', () => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      server: plain,
      words: toolWords(
        define({
          name: `tool_${i}`,
          description: Array.from({ length: 80 }, (_, k) => `word${(i * k) % 997}`).join(' '),
        }),
      ),
    }));
    const query = 'create an issue word1 word5 in the tool 77 of some repository';
    const times = Array.from({ length: 21 }, () => {
      const started = performance.now();
      rank(many, query);
      return performance.now() - started;
    }).sort((a, c) => a - c);
    // The best of them, since others share this machine.
    expect(times[0]).toBeLessThan(5);
  });
});
