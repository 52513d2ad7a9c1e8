import { catalogue } from './catalogue.ts';

/** How calls end, wherever they are counted. */
export const t = catalogue({
  ok: 'Went through',
  denied: 'Refused',
  caller: 'Failed: caller or tool',
  upstream: 'Failed: server',
  gateway: 'Failed: gateway',
});
