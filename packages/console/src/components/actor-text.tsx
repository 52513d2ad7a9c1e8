import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../api/queries.ts';
import { useSession } from '../api/session.ts';
import { UntrustedText } from '../ui/untrusted-text.tsx';
import { useMay, useWorkspace } from './workspace.tsx';

/** Id of the person in `user:{id}/key:{id}` or `user:{id}/session:{id}`; undefined for who is no person. */
export const personIn = (actor: string): string | undefined => /^user:([^/]+)/.exec(actor)?.[1];

/** Who did something, by email where the directory at hand has it; the whole of what is recorded on hover. */
export function ActorText({ actor }: { readonly actor: string }) {
  const workspace = useWorkspace();
  const { user } = useSession();
  const person = personIn(actor);
  const known = person === user.id ? user.email : undefined;
  const mayList = useMay('members.list');
  const members = useQuery({
    ...apiQuery('members', 'list', { params: { workspace } }),
    enabled: workspace !== '' && mayList && person !== undefined && known === undefined,
  });
  const email = known ?? members.data?.items.find(({ userId }) => userId === person)?.email;
  return (
    <span title={actor}>
      <UntrustedText text={email ?? person ?? actor} limit={60} />
    </span>
  );
}
