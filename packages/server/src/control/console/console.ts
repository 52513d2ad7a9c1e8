import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

/** One file of the console as it is served, with the encodings that were made when it was built. */
interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly bodies: ReadonlyMap<Encoding, Uint8Array<ArrayBuffer>>;
}

type Encoding = 'br' | 'gzip' | 'identity';

interface Table {
  /** Of the index page when it was read; another one means another build. */
  readonly builtAt: number;
  readonly page: Uint8Array<ArrayBuffer>;
  readonly assets: ReadonlyMap<string, Asset>;
}

/** The built console in memory. Only names that were in the folder when it was read can be asked for. */
export interface ConsoleFiles {
  /** The page, for every path the console has; undefined while it is not built. */
  page(): Response | undefined;
  /** A file of `/assets/` by its name; undefined when there is none. */
  asset(name: string, headers: Headers): Response | undefined;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Scripts and styles come from our own files, and nothing is asked of any other place. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const features = ['camera', 'geolocation', 'microphone', 'payment', 'usb', 'serial', 'display-capture'];
const featurePolicy = features.map((feature) => `${feature}=()`).join(', ');

/**
 * Read a build of the console into memory. A build that takes the place of the one in the folder is read when the
 * next page is asked for.
 * @param folder where `index.html` and `assets/` are; it need not exist
 */
export function openConsole(folder: string): ConsoleFiles {
  let table = readTable(folder);
  return {
    page() {
      if (builtAt(folder) !== table?.builtAt) table = readTable(folder) ?? table;
      if (table === undefined) return undefined;
      return new Response(table.page, {
        headers: {
          'content-type': 'text/html; charset=utf-8',
          'cache-control': 'no-store',
          'content-security-policy': pagePolicy,
          'permissions-policy': featurePolicy,
        },
      });
    },
    asset(name, headers) {
      const asset = table?.assets.get(name);
      return asset === undefined ? undefined : answer(asset, headers);
    },
  };
}

function answer({ type, etag, bodies }: Asset, wanted: Headers): Response {
  const headers = new Headers({
    'content-type': type,
    etag,
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
  });
  if (wanted.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const encoding = chooseEncoding(wanted.get('accept-encoding') ?? '', bodies);
  if (encoding !== 'identity') headers.set('content-encoding', encoding);
  return new Response(bodies.get(encoding), { headers });
}

/** The smallest the client takes (RFC 9110 section 12.5.3); a weight of 0 refuses one. */
function chooseEncoding(accepted: string, bodies: Asset['bodies']): Encoding {
  const names = accepted
    .toLowerCase()
    .split(',')
    .filter((part) => !/;\s*q=0(?:\.0*)?\s*$/.test(part))
    .map((part) => part.split(';')[0]?.trim());
  return (['br', 'gzip'] as const).find((name) => names.includes(name) && bodies.has(name)) ?? 'identity';
}

function readTable(folder: string): Table | undefined {
  const at = builtAt(folder);
  if (at === undefined) return undefined;
  const assets = new Map<string, Asset>();
  const names = readdirSync(join(folder, 'assets'));
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bytes = bytesOf(join(folder, 'assets', name));
    const bodies = new Map<Encoding, Uint8Array<ArrayBuffer>>([['identity', bytes]]);
    for (const [encoding, ending] of [['br', '.br'] as const, ['gzip', '.gz'] as const]) {
      if (names.includes(name + ending)) bodies.set(encoding, bytesOf(join(folder, 'assets', name + ending)));
    }
    const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
    assets.set(name, { type, etag: `"${digest}"`, bodies });
  }
  return { builtAt: at, page: bytesOf(join(folder, 'index.html')), assets };
}

const bytesOf = (file: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(file));

function builtAt(folder: string): number | undefined {
  return statSync(join(folder, 'index.html'), { throwIfNoEntry: false })?.mtimeMs;
}
