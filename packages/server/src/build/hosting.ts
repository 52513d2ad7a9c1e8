import type { Config } from '../config/config.ts';
import type { Hosting } from '../control/hosted/hosting.ts';
import type { PublisherDeps } from '../control/hosted/publish.ts';
import { unavailable } from '../domain/errors.ts';
import { catalogue as reviewed } from '../domain/hosted/catalogue.ts';
import type { CatalogueEntry } from '../domain/hosted/entry.ts';
import { createOrchestrator, type Orchestrator, type OrchestratorDeps } from '../orchestrator/app.ts';
import type { Runtime } from '../orchestrator/runtimes/runtime.ts';
import type { Dialer } from '../platform/dialer.ts';
import { createHealthProbe } from '../platform/health-probe.ts';

/** What runs containers, opened. @throws AppError `unavailable` that names the remedy */
export type OpenRuntime = (config: Config, installation: string) => Promise<Runtime>;

/** Loaded only where they are used. */
const runtimes: Readonly<Partial<Record<Config['runtime'], OpenRuntime>>> = {};

/** What may be put in the place of what this release has; for tests of the whole product. */
export interface HostingParts {
  readonly catalogue?: readonly CatalogueEntry[];
  readonly openRuntime?: OpenRuntime;
}

export interface HostingPlane {
  /** What control knows of it. */
  readonly hosting: Hosting;
  /** Give the plane what it works on. @returns undefined where this process hosts nothing */
  open(deps: PublisherDeps & Pick<OrchestratorDeps, 'db' | 'vault'>, dialer: Dialer): Orchestrator | undefined;
}

/**
 * The hosted-server plane of this process. Control is handed the catalogue and a way to ask for logs; the runtime
 * itself reaches the orchestrator and nobody else.
 */
export async function openHosting(
  config: Config,
  installation: string,
  opened: AsyncDisposableStack,
  parts: HostingParts = {},
): Promise<HostingPlane> {
  const { runtime: kind, orchestrates } = config;
  const catalogue = parts.catalogue ?? reviewed;
  if (!orchestrates || kind === 'none') return { hosting: { catalogue, runtime: kind }, open: () => undefined };
  const openRuntime = parts.openRuntime ?? runtimes[kind];
  if (openRuntime === undefined) throw unavailable(`This build has no runtime for MCPNEST_RUNTIME=${kind}.`);
  const runtime = opened.use(await openRuntime(config, installation));
  let orchestrator: Orchestrator | undefined;
  const asked = (): Orchestrator => {
    if (orchestrator === undefined) throw unavailable('The orchestrator is starting.');
    return orchestrator;
  };
  return {
    hosting: {
      catalogue,
      runtime: kind,
      logs: {
        tail: (...wanted) => asked().logs.tail(...wanted),
        follow: (...wanted) => asked().logs.follow(...wanted),
      },
    },
    open(deps, dialer) {
      orchestrator = createOrchestrator({ ...deps, runtime, catalogue, probe: createHealthProbe(dialer) });
      return orchestrator;
    },
  };
}
