import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import type { FirstStep } from '../../components/first-steps.tsx';

/** Which of the first steps are done, by what there is; undefined while that is being asked. */
export function useFirstSteps(workspace: string): ReadonlySet<FirstStep> | undefined {
  const params = { workspace };
  const { data: servers } = useQuery(apiQuery('servers', 'list', { params }));
  const { data: connections } = useQuery(apiQuery('connections', 'list', { params }));
  if (servers === undefined || connections === undefined) return undefined;
  const done: FirstStep[] = ['owner'];
  if (servers.items.length > 0) done.push('server');
  if (connections.items.length > 0) done.push('client');
  return new Set(done);
}
