import { catalogue } from './catalogue.ts';

export const t = catalogue({
  about: 'One URL for every server of this workspace.',
  url: 'Gateway URL',
  urlAbout: 'MCP clients connect here with a gateway token.',
  servers: { one: '{count} server', other: '{count} servers' },
  all: 'All servers',
  none: 'No server is connected yet.',
});
