import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Approvals',
  about: 'Calls that wait until somebody says yes. An approval is for one call with exactly these arguments.',
  tool: 'Tool',
  requester: 'Asked by',
  state: 'State',
  asked: 'Asked',
  expires: 'Ends',
  emptyTitle: 'Nothing waits for approval',
  empty: 'When a tool needs approval, a call of it waits here until somebody with the right to decide does.',
});
