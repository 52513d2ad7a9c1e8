import type { Server } from '@mcpnest/contract/schemas/servers';
import { ApiError } from '@mcpnest/contract/caller';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { useMay } from '../../components/workspace.tsx';
import { t } from '../../strings/first-run.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { StatusWord } from '../../ui/status.tsx';

/** The published server of the demo, and where it listens when it is started by hand. */
const demo = { slug: 'everything', name: 'Everything', target: '127.0.0.1:3001' } as const;

export interface DemoServerProps {
  readonly workspace: string;
  readonly servers: readonly Server[];
}

/** The demo's server: connected where the process has started it, and otherwise how to start it. */
export function DemoServer({ workspace, servers }: DemoServerProps) {
  const mayOpen = useMay('network.allow');
  const cache = useQueryClient();
  const connect = useMutation({
    mutationFn: async () => {
      await client.network
        .allow({ body: { target: demo.target, note: 'server of the demo' } })
        .catch(unless('already_exists'));
      const url = `http://${demo.target}/mcp`;
      return client.servers.create({ params: { workspace }, body: { name: demo.name, slug: demo.slug, url } });
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['servers'] }),
  });
  if (servers.some(({ slug }) => slug === demo.slug)) return <StatusWord tone="ok">{t('demoRuns')}</StatusWord>;
  return (
    <div className="flex flex-col items-start gap-3">
      <p>{t('demoHow')}</p>
      <div className="w-full max-w-2xl">
        <CodeBlock
          label={t('demoCommand')}
          code="PORT=3001 npx @modelcontextprotocol/server-everything@2026.8.31 streamableHttp"
        />
      </div>
      <p className="text-sm text-quiet">{mayOpen ? t('demoThen') : t('demoOwner')}</p>
      <Button look="primary" busy={connect.isPending} disabled={!mayOpen} onClick={() => connect.mutate()}>
        {t('demoConnect')}
      </Button>
      {connect.error !== null && <ProblemNotice error={connect.error} onRetry={() => connect.mutate()} />}
    </div>
  );
}

const unless =
  (code: string) =>
  (error: unknown): void => {
    if (!(error instanceof ApiError) || error.problem.code !== code) throw error;
  };
