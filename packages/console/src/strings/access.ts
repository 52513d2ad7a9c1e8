import { catalogue } from './catalogue.ts';

export const t = catalogue({
  title: 'Access',
  about: 'The people of this workspace and what each may administer.',
  search: 'Search people',
  name: 'Name',
  email: 'Email',
  role: 'Role',
  since: 'Member since',
  denied: 'Only admins and owners see who belongs to this workspace',
  deniedAbout: 'Your role here is {role}. An admin or owner of the workspace can change that.',
});
