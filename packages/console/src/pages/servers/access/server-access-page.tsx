import type { Server } from '@mcpnest/contract/schemas/servers';
import { ServerFrame } from '../server-frame.tsx';
import { ApprovalsCard } from './approvals-card.tsx';
import { ManifestCard } from './manifest-card.tsx';
import { VisibilityCard } from './visibility-card.tsx';
import { WhoCard } from './who-card.tsx';

/** Who may know of a server and use it, and why. */
export const ServerAccessPage = () => (
  <ServerFrame
    part="access"
    command={(server) => `mcpnest access matrix --server ${server}`}
    request={(server) => `GET /access/matrix?server=${server}`}
  >
    {(server) => <Access server={server} />}
  </ServerFrame>
);

const Access = ({ server }: { readonly server: Server }) => (
  <>
    <WhoCard server={server.slug} />
    <div className="grid items-start gap-6 lg:grid-cols-2">
      <VisibilityCard server={server} />
      <ManifestCard server={server} />
    </div>
    <ApprovalsCard server={server.slug} />
  </>
);
