import { Terminal } from 'lucide-react';
import { CodeBlock } from '../ui/copy.tsx';

export interface CliEquivalentProps {
  /** The command, e.g. `mcpnest server list --workspace acme`. */
  readonly command: string;
  /** The request, e.g. `GET /api/v1/workspaces/acme/servers`. */
  readonly request: string;
}

/** The same without the console. Everything here can be done by command and by API. */
export const CliEquivalent = ({ command, request }: CliEquivalentProps) => (
  <details className="mt-4 border-t border-line pt-3 text-sm">
    <summary className="flex w-fit cursor-pointer items-center gap-1.5 rounded text-quiet hover:text-text">
      <Terminal size={14} aria-hidden />
      The same by command line and API
    </summary>
    <div className="mt-3 grid gap-2 lg:grid-cols-2">
      <CodeBlock label="command" code={command} />
      <CodeBlock label="request" code={request} />
    </div>
  </details>
);
