import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Settings',
  about: 'What holds for the whole workspace.',
  general: 'General',
  name: 'Name',
  slug: 'Short name in URLs',
  preset: 'Access preset',
  auditMode: 'Audit mode',
  retention: 'Calls are kept',
  days: { one: '{count} day', other: '{count} days' },
  toolList: 'Tool list',
});
