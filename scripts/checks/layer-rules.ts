/** The borders of the tree as data. ARCHITECTURE.md says why; `layers.ts` applies them. */

export interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** Layers it may import from, itself included. */
  readonly mayImport: readonly string[];
  /** The packages and `node:` modules it is limited to, `scope/*` for all below; undefined: any the manifest names. */
  readonly packages?: readonly string[];
}

export const server = 'packages/server/src';
const bridge = 'packages/bridge/src';

/** First match wins. */
export const layers: readonly Layer[] = [
  { name: 'contract', files: /^packages\/contract\/src\//, mayImport: ['contract'], packages: ['zod'] },
  {
    name: 'domain',
    files: at('domain/'),
    mayImport: ['contract', 'domain'],
    packages: ['zod', 'node:crypto', 'node:util', 'node:buffer'],
  },
  { name: 'platform', files: at('platform/'), mayImport: ['contract', 'domain', 'platform'] },
  { name: 'config', files: at('config/'), mayImport: ['contract', 'domain', 'platform', 'config'] },
  { name: 'control', files: at('control/'), mayImport: ['contract', 'domain', 'platform', 'control'] },
  { name: 'gateway', files: at('gateway/'), mayImport: ['contract', 'domain', 'platform', 'gateway'] },
  { name: 'orchestrator', files: at('orchestrator/'), mayImport: ['contract', 'domain', 'platform', 'orchestrator'] },
  {
    name: 'build',
    files: at('build((\\.test)?\\.ts$|/)'),
    mayImport: ['contract', 'domain', 'platform', 'config', 'control', 'gateway', 'orchestrator', 'build'],
  },
  { name: 'main', files: at('main(\\.test)?\\.ts$'), mayImport: ['domain', 'platform', 'config', 'build', 'main'] },
  {
    name: 'cli',
    files: at('cli(\\.test\\.ts$|\\.ts$|/)'),
    mayImport: ['contract', 'domain', 'platform', 'config', 'control', 'build', 'main', 'cli'],
  },
  {
    name: 'bridge',
    files: /^packages\/bridge\/src\//,
    mayImport: ['bridge'],
    packages: [
      'node:buffer',
      'node:child_process',
      'node:crypto',
      'node:events',
      'node:fs',
      'node:http',
      'node:net',
      'node:stream',
      'node:string_decoder',
      'node:timers/promises',
    ],
  },
  {
    name: 'console',
    files: /^packages\/console\/src\//,
    mayImport: ['contract', 'console'],
    packages: [
      '@base-ui/react/*',
      '@codemirror/*',
      '@simplewebauthn/browser',
      '@tanstack/react-query',
      '@tanstack/react-router',
      '@tanstack/react-table',
      '@tanstack/react-virtual',
      'lucide-react',
      'react',
      'react-dom/client',
      'uplot',
      'uplot/dist/uPlot.min.css',
    ],
  },
  {
    name: 'tooling',
    files: /^(scripts|test|bench)\//,
    mayImport: [
      'contract',
      'domain',
      'platform',
      'config',
      'control',
      'gateway',
      'orchestrator',
      'build',
      'main',
      'cli',
      'console',
      'tooling',
    ],
  },
];

/** Layers that must have modules; none found means the check looked in the wrong place. */
export const layersThatExist = [
  'contract',
  'domain',
  'platform',
  'config',
  'control',
  'gateway',
  'orchestrator',
  'build',
  'main',
  'cli',
  'bridge',
  'console',
];

/** What swaps an engine is named by the composition roots and nowhere else. */
export const adapters = at('platform/.*\\b(sqlite|postgres|redis|memory|local-key|kms)\\.ts$');
export const mayNameAdapters = new RegExp(`^${server}/(build\\.ts$|.*-worker\\.ts$)|^(test|bench|scripts)/`);

export interface ModuleRule {
  readonly modules: readonly string[];
  readonly reason: string;
  /** The folder the rule is for; the server where none is named. */
  readonly within?: string;
  /** Files of that folder that may import them. */
  readonly files: RegExp;
  /** Names that reach nothing and are free for all. */
  readonly harmless?: readonly string[];
}

/** Who may hold what reaches the network, a process or an engine. `import type` is free: it is gone at run time. */
export const moduleRules: readonly ModuleRule[] = [
  {
    modules: ['undici'],
    reason: 'it is for tests and the benchmark; the server has one client of its own (R6)',
    files: /^$/,
  },
  {
    modules: ['node:dns', 'node:dns/promises'],
    reason:
      'names are resolved by who connects, and by resolve-name.ts for who must say beforehand where they lead (R6)',
    files: at('platform/(dialer|resolve-name)\\.ts$'),
  },
  {
    modules: ['node:net', 'node:tls', 'node:dgram', 'node:http2'],
    reason: 'every outgoing connection is made by platform/dialer.ts (R6)',
    files: at('platform/dialer\\.ts$'),
    harmless: ['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress'],
  },
  {
    modules: ['node:http', 'node:https'],
    reason:
      'there is one kind of HTTP server, made in platform/http1/server.ts, and no client (R6) but those of what runs containers (R11), of an orchestrator apart, and the one images are put in by',
    files: at(
      '(platform/http1/server(-messages)?|orchestrator/runtimes/docker/engine|orchestrator/runtimes/kubernetes/api|platform/orchestrator-call/client|cli/images/engine)\\.ts$',
    ),
    harmless: ['STATUS_CODES'],
  },
  {
    modules: ['node:child_process'],
    reason:
      'the gateway host never runs commands (R7); the CLI reaches the keychain by constant ones, in cli/keychain.ts, and builds images by some, in cli/images/run-command.ts',
    files: at('cli/(keychain|images/run-command)\\.ts$'),
  },
  {
    modules: ['node:cluster', 'node:vm', 'node:repl', 'node:inspector'],
    reason: 'the gateway host never runs code it was given (R7)',
    files: /^$/,
  },
  {
    modules: ['node:sqlite'],
    reason: 'an engine is an adapter',
    files: at('platform/(database/sqlite|data-folder)\\.ts$'),
  },
  { modules: ['pg'], reason: 'an engine is an adapter', files: at('platform/database/postgres\\.ts$') },
  {
    modules: ['node:child_process'],
    reason: 'the bridge starts processes in one place, in a group of their own and without a shell',
    within: bridge,
    files: new RegExp(`^${bridge}/stdio/child\\.ts$`),
  },
  {
    modules: ['node:http', 'node:net'],
    reason: 'the bridge has one HTTP server, made in bridge.ts',
    within: bridge,
    files: new RegExp(`^${bridge}/bridge\\.ts$`),
  },
];

export interface FileRule {
  readonly file: RegExp;
  /** Files of packages/server/src that may import it otherwise than as a type. */
  readonly importers: RegExp;
  readonly reason: string;
}

/** Modules with one door. */
export const fileRules: readonly FileRule[] = [
  {
    file: at('gateway/(authorized-call|dispatch)\\.ts$'),
    importers: at('gateway/(perform|streams/governed-watch)\\.ts$'),
    reason:
      'there is one choke point: only perform.ts authorises and dispatches, and governed-watch.ts authorises subscriptions, whose servers are asked once for all (R1)',
  },
  {
    file: at('platform/http1/client\\.ts$'),
    importers: at('(gateway/upstreams/pool|platform/deliver)\\.ts$'),
    reason:
      'bytes leave for an upstream only through its connections, and what we send of our own accord through deliver.ts (R1, R6)',
  },
  {
    file: at('platform/http1/connection\\.ts$'),
    importers: at('platform/http1/client\\.ts$'),
    reason: 'connections belong to the client that made them (R1, R6)',
  },
  {
    file: at('platform/deliver\\.ts$'),
    importers: at('build\\.ts$'),
    reason: 'there is one deliverer, made in build.ts and never known to the gateway (R1, R6)',
  },
  {
    file: at('platform/send-lines\\.ts$'),
    importers: at('build\\.ts$'),
    reason: 'what is not HTTP leaves by one way too, made in build.ts and never known to the gateway (R1, R6)',
  },
  {
    file: at('platform/dialer\\.ts$'),
    importers: at('build\\.ts$'),
    reason: 'there is one dialer, made in build.ts (R6)',
  },
  {
    file: at('platform/orchestrator-call/client\\.ts$'),
    importers: at('build/(hosting|listening)\\.ts$'),
    reason: 'where an orchestrator is asked is what the operator configured, and nothing a user can set (R6, R11)',
  },
  {
    file: at('cli/keychain\\.ts$'),
    importers: at('cli/token-store\\.ts$'),
    reason: 'the keychain is for the tokens of a client on its own machine (R7)',
  },
  {
    file: at('cli/token-store\\.ts$'),
    importers: at('cli/(commands/connect|clients/obtain-token)\\.ts$'),
    reason: 'only what connects clients keeps tokens, and only it loads what can start a program (R7)',
  },
  {
    file: at('cli/images/(run-command|engine)\\.ts$'),
    importers: at('cli/(images/(build-images|npm|debian)|commands/images)\\.ts$'),
    reason: 'commands are run and an engine is written to by mcpnest image alone (R7)',
  },
  {
    file: at('cli/images/build-images\\.ts$'),
    importers: at('cli/commands/images\\.ts$'),
    reason: 'images are built by mcpnest image alone, which loads what starts programs when it is run (R7)',
  },
];

/** Inside control a room is entered by its main file, named after the room, or by what is listed here. */
export const roomDoors: Readonly<Record<string, readonly string[]>> = {
  snapshot: ['publish.ts', 'compile.ts'],
  access: ['past-access.ts'],
  servers: ['servers.ts', 'credential.ts', 'hosted.ts'],
  hosted: ['hosted.ts', 'hosting.ts', 'publish.ts'],
};

function at(pattern: string): RegExp {
  return new RegExp(`^${server}/${pattern}`);
}
