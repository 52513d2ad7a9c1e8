import { catalogue } from './catalogue.ts';

/** Words around every page. */
export const t = catalogue({
  menu: 'Menu',
  home: 'Home',
  servers: 'Servers',
  access: 'Access',
  approvals: 'Approvals',
  activity: 'Activity',
  connect: 'Connect a client',
  settings: 'Settings',
  instance: 'Instance',
  account: 'Your account',
  workspaceMenu: 'Workspace: {name}. Switch workspace',
  allWorkspaces: 'All workspaces',
  waiting: { one: '{count} approval waits', other: '{count} approvals wait' },
  skip: 'Skip to the page',
  search: 'Search or jump to',
  apiReference: 'API reference',
  keyboard: 'Keyboard shortcuts',
  signOut: 'Sign out',
  theme: 'Theme',
  nothingFits: 'Nothing fits.',
  noWorkspace: 'You belong to no workspace yet',
  noWorkspaceAbout: 'Ask an owner of this instance to invite you. Once you are a member, the workspace appears here.',
});
