import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Activity',
  about: 'Every call through the gateway: who, what, and how it ended. No argument and no result is ever stored.',
  time: 'Time',
  tool: 'Tool',
  outcome: 'Outcome',
  duration: 'Took',
  client: 'Client',
  emptyTitle: 'No call yet',
  empty: 'Connect a client to this workspace’s URL with a gateway token. Its first call appears here.',
  denied: 'Only admins and owners read the calls of everybody',
  deniedAbout: 'An admin or owner of the workspace can give you that role.',
});
