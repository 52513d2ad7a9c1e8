/** What an auditor asks, which files of the pack answer it, and how to get the same by hand. */
export interface Control {
  readonly id: string;
  readonly question: string;
  readonly files: readonly string[];
  readonly commands: readonly string[];
}

const access = ['access/members-at-start.csv', 'access/members-at-end.csv', 'access/members-now.csv'];
const credentials = ['tokens', 'keys', 'machines'].flatMap((what) =>
  ['at-start', 'at-end', 'now'].map((when) => `access/${what}-${when}.csv`),
);
const rules = ['access/rules-now.csv', 'access/servers-now.csv'];
const completeness = ['completeness/calls-by-node.csv', 'completeness/journal.json'];

/** SOC 2 (Trust Services Criteria, 2017) and ISO/IEC 27001:2022, Annex A. */
export const controls: readonly Control[] = [
  {
    id: 'SOC 2 CC6.1, ISO 27001 A.5.15',
    question: 'Who may use what, and by which rule?',
    files: ['access/allowed-at-start.csv', 'access/allowed-at-end.csv', ...rules],
    commands: ['mcpnest audit access', 'mcpnest rules list', 'mcpnest access explain'],
  },
  {
    id: 'SOC 2 CC6.2, ISO 27001 A.5.16, A.5.17',
    question: 'Which identities and credentials were there at the beginning and at the end of the period?',
    files: [...access, ...credentials],
    commands: ['mcpnest member list', 'mcpnest token list', 'mcpnest key list', 'mcpnest machine list'],
  },
  {
    id: 'SOC 2 CC6.3, ISO 27001 A.5.18',
    question: 'Who joined and left, and when did the last call of each who left pass?',
    files: ['people/joined-and-left.csv'],
    commands: ['mcpnest member list', 'mcpnest calls list'],
  },
  {
    id: 'ISO 27001 A.8.2',
    question: 'Who held privileged access, and what did they do with it?',
    files: [...access, 'access/keys-at-end.csv', 'changes/changes.csv'],
    commands: ['mcpnest key list', 'mcpnest audit events'],
  },
  {
    id: 'SOC 2 CC7.2, ISO 27001 A.8.15',
    question: 'Is the log complete and unaltered?',
    files: [...completeness, 'settings/retention.json'],
    commands: ['mcpnest audit evidence', 'mcpnest audit export'],
  },
  {
    id: 'SOC 2 CC7.3, ISO 27001 A.8.16',
    question: 'What was refused or failed, who was told, and where do the records go?',
    files: ['changes/failed-logins.csv', 'changes/refused.csv', 'completeness/outcomes.csv', 'settings/sinks.json'],
    commands: ['mcpnest calls list --outcome denied', 'mcpnest sink list'],
  },
  {
    id: 'SOC 2 CC8.1',
    question: 'Which changes of the policy were made, by whom, and what was approved?',
    files: ['changes/policy.csv', 'approvals/approvals.csv'],
    commands: ['mcpnest audit events', 'mcpnest approval list'],
  },
  {
    id: 'ISO 27001 A.8.17',
    question: 'By which clock are the records?',
    files: completeness,
    commands: ['mcpnest doctor'],
  },
];
