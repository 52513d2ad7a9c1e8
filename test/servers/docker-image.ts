import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface TestImage {
  readonly name: string;
  /** Id of the image: it comes from no registry. */
  readonly digest: string;
}

/** The program of the probe's image; see there for what it does. */
const probe = new URL('probe.mjs', import.meta.url);

export const ensureProbeImage = (socketPath: string): Promise<TestImage> =>
  ensureNodeImage(socketPath, 'mcpnest-test/probe', [[fileURLToPath(probe), '/opt/probe.mjs']], '/opt/probe.mjs');

/**
 * An image of this very Node, the libraries it is linked with and some files, made without any registry. An engine that
 * has one of the same content keeps it.
 * @param files file or folder here, and its path there
 * @param program path there of what Node runs
 */
export async function ensureNodeImage(
  socketPath: string,
  name: string,
  files: readonly (readonly [from: string, to: string])[],
  program: string,
): Promise<TestImage> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-image-'));
  try {
    for (const [from, to] of files) {
      mkdirSync(dirname(join(folder, to)), { recursive: true });
      cpSync(from, join(folder, to), { recursive: true });
    }
    const content = createHash('sha256').update(`${process.version} ${program}`);
    for (const path of listFiles(folder)) content.update(path).update(readFileSync(join(folder, path)));
    const tag = content.digest('hex').slice(0, 16);
    const present = await engineJson(socketPath, 'GET', `/images/${name}:${tag}/json`);
    if (present.status === 200) return { name, digest: idIn(present.body) };

    const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/[^\s()]+/g) ?? [];
    for (const [from, to] of [[process.execPath, '/usr/local/bin/node'], ...libraries.map((path) => [path, path])]) {
      const target = join(folder, to ?? '');
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(from ?? '', target);
    }
    mkdirSync(join(folder, 'tmp'));
    const query = new URLSearchParams([
      ['fromSrc', '-'],
      ['repo', name],
      ['tag', tag],
      ['changes', 'ENV PATH=/usr/local/bin'],
      ['changes', `ENTRYPOINT ["node", "${program}"]`],
    ]);
    const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await engineJson(socketPath, 'POST', `/images/create?${query.toString()}`, tar.stdout);
    const { body } = await engineJson(socketPath, 'GET', `/images/${name}:${tag}/json`);
    return { name, digest: idIn(body) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(relative(folder, entry.parentPath), entry.name))
    .toSorted();

const idIn = (body: unknown): string => (body as { Id: string }).Id;

/** One request to an engine, past the product's own client. Streams of progress are read to their end. */
export async function engineJson(
  socketPath: string,
  method: string,
  path: string,
  body?: NodeJS.ReadableStream | object,
): Promise<{ status: number; body: unknown }> {
  return await new Promise((resolve, reject) => {
    const streamed = body !== undefined && 'pipe' in body;
    const headers = { 'content-type': streamed ? 'application/x-tar' : 'application/json' };
    const asked = request({ socketPath, path: `/v1.41${path}`, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const last = text.trim().split('\n').at(-1) ?? '';
        resolve({ status: response.statusCode ?? 0, body: last === '' ? null : JSON.parse(last) });
      });
    });
    asked.on('error', reject);
    if (streamed) body.pipe(asked);
    else asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
