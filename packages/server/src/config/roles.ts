import type { Problem, Values } from './env.ts';

const known = ['control,gateway', 'control,gateway,orchestrator', 'orchestrator'];

const nameOf = (roles: readonly string[] | undefined): string | undefined =>
  roles === undefined ? undefined : [...new Set(roles)].sort().join();

/** Whether roles make a process that is an orchestrator and nothing else. */
export const isOrchestratorAlone = (roles: readonly string[] | undefined): boolean => nameOf(roles) === 'orchestrator';

/** Combinations of planes that would not do what they say: better refused than ignored. */
export function roleProblems(values: Partial<Values>): Problem[] {
  const { REDIS_URL: redis, MCPNEST_ROLES: roles, MCPNEST_RUNTIME: runtime } = values;
  const problems: Problem[] = [];
  if (redis !== undefined) {
    problems.push({ variable: 'REDIS_URL', message: 'is not supported yet: run one process and leave it unset' });
  }
  const named = nameOf(roles);
  const variable = 'MCPNEST_ROLES';
  if (named !== undefined && !known.includes(named)) {
    const message = `must be ${known.slice(0, -1).join(', ')} or orchestrator: control and gateway cannot run apart`;
    return [...problems, { variable, message }];
  }
  if (named?.includes('orchestrator') === true && runtime === 'none') {
    const message = 'must name orchestrator where MCPNEST_RUNTIME is docker or kubernetes, and only there';
    problems.push({ variable, message });
  }
  return [...problems, ...apartProblems(values, named)];
}

/** Of an orchestrator in a process of its own, on either side of the call between the two. */
function apartProblems(values: Partial<Values>, named: string | undefined): Problem[] {
  const { MCPNEST_ORCHESTRATOR_SOCKET: socket, MCPNEST_ORCHESTRATOR_URL: url } = values;
  const variable = url === undefined ? 'MCPNEST_ORCHESTRATOR_SOCKET' : 'MCPNEST_ORCHESTRATOR_URL';
  const given = socket !== undefined || url !== undefined;
  const hosts = values.MCPNEST_RUNTIME !== 'none';
  if (socket !== undefined && url !== undefined) {
    return [{ variable, message: 'is set beside MCPNEST_ORCHESTRATOR_SOCKET; set one of the two' }];
  }
  if (url !== undefined && !isOrigin(url)) return [{ variable, message: 'must be an origin only: http://host[:port]' }];
  if (given && !hosts) return [{ variable, message: 'needs MCPNEST_RUNTIME=docker or kubernetes beside it' }];
  if (given && named !== 'orchestrator' && named !== 'control,gateway') {
    const message = 'is for an orchestrator in a process of its own: set MCPNEST_ROLES=control,gateway here';
    return [{ variable, message }];
  }
  if (named === 'orchestrator') return [...aloneProblems(values, url), ...databaseProblems(values)];
  if (named !== 'control,gateway' || !hosts) return [];
  if (given) return databaseProblems(values);
  const message =
    'needs orchestrator beside the two where MCPNEST_RUNTIME is docker or kubernetes, ' +
    'or MCPNEST_ORCHESTRATOR_SOCKET or MCPNEST_ORCHESTRATOR_URL for one in a process of its own';
  return [{ variable: 'MCPNEST_ROLES', message }];
}

function aloneProblems({ MCPNEST_SECRET_KEY: key }: Partial<Values>, url: string | undefined): Problem[] {
  const problems: Problem[] = [];
  if (url !== undefined) {
    const message = 'is for who asks; the orchestrator itself listens at MCPNEST_HOST and MCPNEST_PORT';
    problems.push({ variable: 'MCPNEST_ORCHESTRATOR_URL', message });
  }
  if (key === undefined) {
    const message = 'must name a file with the master key of the server it works for: it has no data folder';
    problems.push({ variable: 'MCPNEST_SECRET_KEY_FILE', message });
  }
  return problems;
}

/** SQLite belongs to one process, and two would each keep their own. */
const databaseProblems = ({ DATABASE_URL: url }: Partial<Values>): Problem[] =>
  url?.startsWith('sqlite:') === false
    ? []
    : [{ variable: 'DATABASE_URL', message: 'must be PostgreSQL where the orchestrator is a process of its own' }];

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && new URL(text).protocol === 'http:' && new URL(text).origin === text.replace(/\/$/, '');
