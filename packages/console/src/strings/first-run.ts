import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'First steps',
  about: 'Until a client of yours makes its first call.',
  server: 'Connect a server',
  token: 'Issue a gateway token',
  done: 'Done',
  open: 'Open',
  later: 'Later',
});
