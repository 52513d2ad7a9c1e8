import type { CatalogueEntry } from '../entry.ts';
import { classified } from '../tool-classes.ts';

export const github: CatalogueEntry = {
  slug: 'github',
  version: 1,
  name: 'GitHub',
  description: 'Repositories, issues and pull requests of GitHub. Archived in May 2025, without fixes since: add https://api.githubcopilot.com/mcp/, the server GitHub runs itself, as a remote server instead.',
  publisher: 'Model Context Protocol',
  licence: 'MIT',
  homepage: 'https://github.com/modelcontextprotocol/servers-archived/tree/main/src/github',
  state: 'archived',
  replacedBy: [],
  package: { name: '@modelcontextprotocol/server-github', version: '2025.4.8' },
  image: 'mcpnest/hosted-github',
  command: ['node', '/opt/server/node_modules/@modelcontextprotocol/server-github/dist/index.js'],
  variables: [
    {
      key: 'GITHUB_PERSONAL_ACCESS_TOKEN',
      label: 'Personal access token',
      type: 'password',
      required: true,
      help: 'A fine-grained token with access to the repositories it is meant for, from github.com/settings/tokens.',
    },
  ],
  profile: 'small',
  egress: ['api.github.com'],
  scratch: [],
  toolClasses: classified({ read: ['search_repositories', 'get_file_contents', 'list_commits', 'list_issues', 'search_code', 'search_issues', 'search_users', 'get_issue', 'get_pull_request', 'list_pull_requests', 'get_pull_request_files', 'get_pull_request_status', 'get_pull_request_comments', 'get_pull_request_reviews'], write: ['create_repository', 'create_issue', 'create_pull_request', 'fork_repository', 'create_branch', 'update_issue', 'add_issue_comment', 'create_pull_request_review', 'update_pull_request_branch'], destructive: ['create_or_update_file', 'push_files', 'merge_pull_request'] }),
  sessions: 'shared',
  personal: true,
};
