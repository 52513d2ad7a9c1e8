import { catalogue } from './catalogue.ts';

/** Bringing the servers of a client's configuration behind the gateway. */
export const t = catalogue({
  title: 'Import from a client',
  about: 'The configuration of any client as it is. It is read in this page; nothing is sent before you choose.',
  configuration: 'Configuration',
  configurationHelp: 'JSON, with or without comments. For TOML and YAML use mcpnest import.',
  orFile: 'Or from a file:',
  read: 'Read it',
  noServers: 'There is no server in this configuration.',
  tooLarge: 'This is too large to be a configuration.',
  notJson: 'This is no JSON. Paste the whole file, from the first bracket to the last.',
  add: { one: 'Add {count} server', other: 'Add {count} servers' },
  obstacle_program: 'A program: it needs hosting and is left where it is.',
  obstacle_self: 'This gateway itself.',
  obstacle_secretInAddress: 'Its address carries a credential: add it with that credential in a header.',
  missing: 'Not in the file, to be set afterwards: {headers}',
  outcome: 'What was added',
  status_added: 'Added',
  status_exists: 'There already',
  status_failed: 'Not added',
  done: 'Done',
});
