import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Hosted servers',
  about: 'Servers that run here, next to the gateway.',
  servers: 'Servers',
  emptyTitle: 'No server is hosted here',
  empty: 'A hosted server runs in a container of its own and is reached by nobody but the gateway.',
  connected: 'Connected servers',
});
