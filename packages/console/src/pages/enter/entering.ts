import { useMutation } from '@tanstack/react-query';
import { queryClient } from '../../api/queries.ts';
import { sessionQuery } from '../../api/session.ts';
import type { Session } from '../../api/session.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useGo } from '../../components/navigate.ts';

/** A way in: what begins a session, and where to go once there is one. */
export function useEntering<V>(begin: (values: V) => Promise<Session>, to: (session: Session) => string) {
  const go = useGo();
  const mutation = useMutation({
    mutationFn: begin,
    onSuccess: (session) => {
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      go(to(session), { replace: true });
    },
  });
  const problem = faultOf(mutation.error);
  return { enter: mutation.mutate, busy: mutation.isPending, problem, errors: problem?.errors ?? {} };
}

/**
 * The secret behind `#` of a link, which no server and no proxy ever sees; taken out of the address at once so that
 * neither the history nor a screenshot keeps it.
 */
export function takeFragment(): string {
  const { hash, pathname, search } = location;
  if (hash.length > 1) {
    taken = readable(hash.slice(1)).replace(/^k=/, '');
    history.replaceState(history.state, '', pathname + search);
  }
  return taken;
}

let taken = '';

/** A link that was cut off may end within an escape; the server then says that the secret is none. */
function readable(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
