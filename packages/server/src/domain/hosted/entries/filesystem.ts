import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

/** Its package carries no licence; its README says MIT. */
export const filesystem: CatalogueEntry = {
  slug: 'filesystem',
  version: 1,
  name: 'Filesystem',
  description: 'Reads and writes files in a workspace folder that is kept in memory and gone with the instance.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers/tree/main/src/filesystem',
  state: 'maintained',
  replacedBy: [],
  package: { name: '@modelcontextprotocol/server-filesystem', version: '2026.8.31' },
  image: 'mcpnest/hosted-filesystem',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js', '/workspace'],
  variables: [],
  profile: 'small',
  egress: [],
  reaches: [],
  scratch: [{ path: '/workspace', megabytes: 128 }],
  toolClasses: classified({
    read: [
      'read_file',
      'read_text_file',
      'read_media_file',
      'read_multiple_files',
      'list_directory',
      'list_directory_with_sizes',
      'directory_tree',
      'search_files',
      'get_file_info',
      'list_allowed_directories',
    ],
    write: ['create_directory'],
    destructive: ['write_file', 'edit_file', 'move_file'],
  }),
  sessions: 'shared',
  personal: false,
};
