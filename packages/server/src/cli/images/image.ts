import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { gateImage } from '../../domain/hosted/gate-image.ts';
import { digestOf, type Layer } from './layer.ts';
import { bridgeUid, recipeOf } from './recipes.ts';

/** One image: what it is made of, and the name of exactly that. */
export interface Image {
  /** With its tag. */
  readonly name: string;
  /** `sha256:…` of its configuration, which names its layers: Docker's image id. */
  readonly digest: string;
  readonly config: Buffer;
  readonly layers: readonly Layer[];
}

const path = '/usr/local/bin:/usr/bin';
const bin = '/opt/bridge/bin/mcpnest-bridge.mjs';
const second = 1_000_000_000;
/** Fixed, so that the same content has the same digest. */
const created = '1970-01-01T00:00:00Z';

/** The image of an entry. */
export function composeImage(entry: CatalogueEntry, layers: readonly Layer[], arch: 'x64' | 'arm64'): Image {
  const env = {
    PATH: path,
    HOME: '/tmp',
    NODE_ENV: 'production',
    MCP_BRIDGE_SECRETS: 'stdin',
    MCP_BRIDGE_HOST: '0.0.0.0',
    MCP_BRIDGE_PORT: '8080',
    MCP_BRIDGE_SESSIONS: entry.sessions,
    ...recipeOf(entry).env,
  };
  const name = `${entry.image}:${entry.package.version}-${entry.version}`;
  return image(name, layers, arch, {
    ...common(env),
    Entrypoint: ['node', bin],
    ExposedPorts: { '8080/tcp': {} },
    StopSignal: 'SIGTERM',
    Healthcheck: {
      Test: ['CMD', 'node', bin, 'healthcheck'],
      Interval: 30 * second,
      Timeout: 10 * second,
      StartPeriod: 60 * second,
      Retries: 3,
    },
    Labels: {
      'org.opencontainers.image.title': entry.name,
      'org.opencontainers.image.version': `${entry.package.version}-${entry.version}`,
      'org.opencontainers.image.licenses': entry.licence,
      'org.opencontainers.image.url': entry.homepage,
    },
  });
}

/** The image of gates: what all images have in common and nothing else, so it takes no room. It is told what to run. */
export const composeGateImage = (layer: Layer, arch: 'x64' | 'arm64'): Image =>
  image(gateImage, [layer], arch, { ...common({ PATH: path }), Entrypoint: ['node'] });

const common = (env: Readonly<Record<string, string>>) => ({
  User: `${bridgeUid}:${bridgeUid}`,
  WorkingDir: '/tmp',
  Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
});

/** An image as the image specification of the OCI has it; a health check is Docker's addition to that. */
function image(name: string, layers: readonly Layer[], arch: 'x64' | 'arm64', settings: object): Image {
  const config = Buffer.from(
    JSON.stringify({
      architecture: arch === 'x64' ? 'amd64' : 'arm64',
      os: 'linux',
      created,
      config: settings,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ about }) => ({ created, created_by: `mcpnest image build: ${about}` })),
    }),
  );
  return { name, digest: `sha256:${digestOf(config)}`, config, layers };
}
