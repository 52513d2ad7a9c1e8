import type { Kysely } from 'kysely';
import type { Config } from '../config/config.ts';
import type { Hosting } from '../control/hosted/hosting.ts';
import { unavailable } from '../domain/errors.ts';
import { catalogue as reviewed } from '../domain/hosted/catalogue.ts';
import type { CatalogueEntry } from '../domain/hosted/entry.ts';
import type { HostedLogs } from '../domain/hosted/logs.ts';
import { gateImage } from '../domain/hosted/gate-image.ts';
import { createOrchestrator, type Orchestrator, type OrchestratorDeps } from '../orchestrator/app.ts';
import type { OrchestratorTables } from '../orchestrator/store.ts';
import type { Runtime } from '../orchestrator/runtimes/runtime.ts';
import { systemClock } from '../platform/clock.ts';
import type { Dialer } from '../platform/dialer.ts';
import { createHealthProbe } from '../platform/health-probe.ts';
import { installationId, type InstallationTables } from '../platform/installation.ts';
import type { Log } from '../platform/log.ts';
import { callKeyPurpose } from '../platform/orchestrator-call/call.ts';
import { createRemoteLogs } from '../platform/orchestrator-call/client.ts';
import type { Vault } from '../platform/vault/vault.ts';

/** What runs containers, opened. @throws AppError `unavailable` that names the remedy */
export type OpenRuntime = (config: Config, installation: string, log: Log) => Promise<Runtime>;

/** Each is loaded only where it is used. */
const runtimes: Readonly<Record<Exclude<Config['runtime'], 'none'>, OpenRuntime>> = {
  async docker({ dockerSocket: socketPath }, install, log) {
    const { createDockerRuntime } = await import('../orchestrator/runtimes/docker/docker.ts');
    return createDockerRuntime({ socketPath, install, gateImage }, log);
  },
  async kubernetes(config, installation) {
    const { openKubernetes } = await import('./kubernetes-runtime.ts');
    return openKubernetes(config, installation);
  },
};

/** What may be put in the place of what this release has; for tests of the whole product. */
export interface HostingParts {
  readonly catalogue?: readonly CatalogueEntry[];
  readonly openRuntime?: OpenRuntime;
}

type PlaneDeps = Omit<OrchestratorDeps, 'db' | 'runtime' | 'catalogue' | 'probe'> & {
  readonly db: Kysely<OrchestratorTables & InstallationTables>;
};

export interface HostingPlane {
  /** What control knows of it. */
  readonly hosting: Hosting;
  /**
   * Give the plane what it works on, and open the runtime.
   * @returns undefined where this process hosts nothing
   * @throws AppError `unavailable` that names the remedy
   */
  open(deps: PlaneDeps, dialer: Dialer): Promise<Orchestrator | undefined>;
}

/**
 * The hosted-server plane of this process. Control is handed the catalogue and a way to ask for logs; the runtime
 * itself reaches the orchestrator and nobody else.
 */
export function openHosting(
  config: Config,
  vault: Vault,
  log: Log,
  opened: AsyncDisposableStack,
  parts: HostingParts = {},
): HostingPlane {
  const { runtime: kind, orchestrates } = config;
  const catalogue = parts.catalogue ?? reviewed;
  if (!orchestrates || kind === 'none') {
    return {
      hosting: { catalogue, runtime: kind, logs: remoteLogs(config, vault) },
      open: () => Promise.resolve(undefined),
    };
  }
  const openRuntime = parts.openRuntime ?? runtimes[kind];
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
    async open(deps, dialer) {
      const runtime = opened.use(await openRuntime(config, await installationId(deps.db), log));
      const probe = createHealthProbe(dialer);
      orchestrator = createOrchestrator({ ...deps, runtime, catalogue, probe });
      return orchestrator;
    },
  };
}

function remoteLogs({ orchestratorSocket, orchestratorUrl }: Config, vault: Vault): HostedLogs | undefined {
  const key = vault.deriveKey(callKeyPurpose);
  if (orchestratorSocket !== undefined) return createRemoteLogs({ socketPath: orchestratorSocket }, key, systemClock);
  if (orchestratorUrl !== undefined) return createRemoteLogs({ url: orchestratorUrl }, key, systemClock);
  return undefined;
}
