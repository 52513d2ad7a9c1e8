import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const slack: CatalogueEntry = {
  slug: 'slack',
  version: 1,
  name: 'Slack',
  description:
    'Channels, messages and people of a Slack workspace. Archived in May 2025, without fixes since; there is no reviewed replacement yet.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers-archived/tree/main/src/slack',
  state: 'archived',
  replacedBy: [],
  package: { name: '@modelcontextprotocol/server-slack', version: '2025.4.25' },
  image: 'mcpnest/hosted-slack',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-slack/dist/index.js'],
  variables: [
    {
      key: 'SLACK_BOT_TOKEN',
      label: 'Bot token',
      type: 'password',
      required: true,
      help: 'Begins with xoxb-; from OAuth & Permissions of the app at api.slack.com/apps.',
    },
    {
      key: 'SLACK_TEAM_ID',
      label: 'Workspace ID',
      type: 'text',
      required: true,
      help: 'Begins with T; it is in the address of the workspace in a browser.',
    },
    {
      key: 'SLACK_CHANNEL_IDS',
      label: 'Channel IDs',
      type: 'text',
      required: false,
      help: 'Comma-separated; leave it empty for all public channels.',
    },
  ],
  profile: 'small',
  egress: ['slack.com'],
  reaches: [],
  scratch: [],
  toolClasses: classified({
    read: [
      'slack_list_channels',
      'slack_get_channel_history',
      'slack_get_thread_replies',
      'slack_get_users',
      'slack_get_user_profile',
    ],
    write: ['slack_post_message', 'slack_reply_to_thread', 'slack_add_reaction'],
  }),
  sessions: 'shared',
  personal: false,
};
