import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Servers',
  about: 'MCP servers behind this workspace’s one URL. Clients see the tools of all of them together.',
  search: 'Search servers',
  name: 'Name',
  state: 'State',
  address: 'Address',
  prefix: 'Prefix',
  latency: 'Last exchange',
  changed: 'Changed',
  emptyTitle: 'No server is connected yet',
  empty:
    'A server brings tools. Connect one by its address; its tools appear to every client at once, under a prefix of your choice.',
  noneFits: 'No server fits the search.',
  disabled: 'Disabled',
  review: { one: '{count} tool waits for review', other: '{count} tools wait for review' },
});
