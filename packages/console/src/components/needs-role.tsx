import type { ReactNode } from 'react';
import { useSession } from '../api/session.ts';
import { can, needOf, roleIn } from '../capabilities.ts';
import { Notice } from '../ui/notice.tsx';
import { useWorkspace } from './workspace.tsx';

export interface NeedsRoleProps {
  /** The operation whose role is needed, e.g. `webhooks.list`. */
  readonly operation: string;
  /** What takes the role, where the place does not say it: `Changing these settings`. */
  readonly what?: string;
  readonly children: ReactNode;
}

/** A part for whoever may call an operation; the others are told which role it takes and who gives it. */
export function NeedsRole({ operation, what = 'This', children }: NeedsRoleProps) {
  const session = useSession();
  const workspace = useWorkspace();
  if (can(session, operation, workspace)) return children;
  const { role, scope } = needOf(operation);
  const ofInstance = scope === 'instance';
  const own = ofInstance ? session.instanceRole : roleIn(session, workspace);
  return (
    <Notice
      tone="info"
      title={`${what} takes the role ${role} ${ofInstance ? 'of the instance' : 'in this workspace'}`}
    >
      You have {own === null ? 'no role' : `the role ${own}`} {ofInstance ? 'there' : 'here'}.{' '}
      {ofInstance
        ? 'Whoever runs this instance gives it.'
        : 'An owner of the workspace can give it on the page Access.'}
    </Notice>
  );
}
