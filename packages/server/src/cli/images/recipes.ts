import type { CatalogueEntry } from '../../domain/hosted/entry.ts';

/** What an image is made of besides the packages of its lock file. */
export interface Recipe {
  /** The layer with Debian's browser. */
  readonly browser: boolean;
  /** Packages with a part in C++ that is compiled against the pinned Node, and the file that comes of it. */
  readonly compiled: readonly { readonly package: string; readonly product: string }[];
  /** Variables of the image; the bridge hands those that begin with `MCP_ENV_` to the server. */
  readonly env: Readonly<Record<string, string>>;
}

/** The uid and gid of everything that runs in an image. */
export const bridgeUid = 10_001;

/** Debian 12: what every image has of it. No shell, no package manager, nothing that is setuid. */
export const debian = {
  suite: 'bookworm',
  mirror: 'http://deb.debian.org',
  keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
  base: ['base-files', 'ca-certificates', 'gcc-12-base', 'libc6', 'libgcc-s1', 'libstdc++6', 'netbase'],
  browser: ['chromium-headless-shell', 'fonts-liberation'],
  /** Packages the browser depends on only where there is a screen, a shell or a graphics card. */
  withoutBrowser: [
    'at-spi2-common',
    'debconf',
    'libdrm-amdgpu1',
    'libdrm-intel1',
    'libdrm-nouveau2',
    'libdrm-radeon1',
    'libgl1-mesa-dri',
    'libllvm15',
    'libsensors-config',
    'libsensors5',
    'libz3-4',
    'lsb-base',
    'sysvinit-utils',
    'x11-common',
    'x11-utils',
    'xdg-utils',
  ],
} as const;

/** The Node of the images, a package of the npm registry; `scripts/run.mjs` names the same. */
export const pinnedNode = {
  version: '24.21.0',
  x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
} as const;

const plain: Recipe = { browser: false, compiled: [], env: {} };

const browserPath = '/usr/lib/chromium/chromium-headless-shell';

const recipes: Readonly<Record<string, Recipe>> = {
  memory: { ...plain, env: { MCP_ENV_MEMORY_FILE_PATH: '/data/memory.jsonl' } },
  sqlite: {
    ...plain,
    compiled: [{ package: 'better-sqlite3', product: 'build/Release/better_sqlite3.node' }],
  },
  puppeteer: {
    ...plain,
    browser: true,
    env: {
      MCP_BRIDGE_MAX_SESSIONS: '3',
      MCP_ENV_PUPPETEER_EXECUTABLE_PATH: browserPath,
      // What it knows containers by: without a window, without a sandbox.
      MCP_ENV_DOCKER_CONTAINER: 'true',
    },
  },
  playwright: { ...plain, browser: true, env: { MCP_BRIDGE_MAX_SESSIONS: '3' } },
};

/** How the image of an entry is made. */
export const recipeOf = (entry: CatalogueEntry): Recipe => recipes[entry.slug] ?? plain;
