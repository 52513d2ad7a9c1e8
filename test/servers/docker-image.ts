import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TestImage {
  readonly name: string;
  /** Id of the image: it comes from no registry. */
  readonly digest: string;
}

/** The program the image runs; see there for what it does. */
const probe = new URL('probe.mjs', import.meta.url);

/**
 * An image of this very Node, the libraries it is linked with and the probe, made without any registry. An engine that
 * has one of the same content keeps it.
 */
export async function ensureProbeImage(socketPath: string): Promise<TestImage> {
  const program = readFileSync(probe);
  const tag = createHash('sha256').update(program).update(process.version).digest('hex').slice(0, 16);
  const name = 'mcpnest-test/probe';
  const present = await engineJson(socketPath, 'GET', `/images/${name}:${tag}/json`);
  if (present.status === 200) return { name, digest: idIn(present.body) };

  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-probe-'));
  try {
    const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/[^\s()]+/g) ?? [];
    for (const [from, to] of [[process.execPath, '/usr/local/bin/node'], ...libraries.map((path) => [path, path])]) {
      const target = join(folder, to ?? '');
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(from ?? '', target);
    }
    mkdirSync(join(folder, 'tmp'));
    mkdirSync(join(folder, 'opt'));
    writeFileSync(join(folder, 'opt/probe.mjs'), program);
    const query = new URLSearchParams([
      ['fromSrc', '-'],
      ['repo', name],
      ['tag', tag],
      ['changes', 'ENV PATH=/usr/local/bin'],
      ['changes', 'ENTRYPOINT ["node", "/opt/probe.mjs"]'],
    ]);
    const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await engineJson(socketPath, 'POST', `/images/create?${query.toString()}`, tar.stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { body } = await engineJson(socketPath, 'GET', `/images/${name}:${tag}/json`);
  return { name, digest: idIn(body) };
}

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
