import { spawn } from 'node:child_process';
import { profiles } from '../../packages/server/src/domain/hosted/entry.ts';
import type { CatalogueEntry } from '../../packages/server/src/domain/hosted/entry.ts';

/** What a command of the engine's own client ended with. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Run `docker` against an engine. @param input what its standard input says; it is closed then */
export function docker(socket: string, args: readonly string[], input = ''): Promise<Finished> {
  const child = spawn('docker', ['-H', `unix://${socket}`, ...args], { stdio: 'pipe' });
  let [out, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.on('error', () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, errors }));
  });
}

/** The confinement of hosted servers as options of `docker run`, without any network. */
export function hardening(entry: CatalogueEntry): string[] {
  const { cpus, memoryMegabytes } = profiles[entry.profile];
  const folders = [{ path: '/tmp', megabytes: 64 }, ...entry.scratch];
  const tmpfs = folders.flatMap(({ path, megabytes }) => [
    '--tmpfs',
    `${path}:rw,noexec,nosuid,nodev,mode=1777,size=${megabytes}m`,
  ]);
  return [
    ...['--network', 'none', '--read-only', '--init', '--user', '10001:10001', '--pids-limit', '128'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--ulimit', 'core=0'],
    ...['--memory', `${memoryMegabytes}m`, '--memory-swap', `${memoryMegabytes}m`, '--cpus', `${cpus}`],
    ...tmpfs,
  ];
}

/** What is asked of the bridge of a container, from inside it. */
export interface Questions {
  readonly token: string;
  readonly calls: readonly (readonly [tool: string, args: object])[];
}

export interface Answers {
  /** Names of the tools it lists. */
  readonly tools: readonly string[];
  /** The text of each call, or the error. */
  readonly said: readonly string[];
  /** Status of a request without the token. */
  readonly withoutToken: number;
  readonly processes: readonly { readonly command: string; readonly uid: string; readonly input: string }[];
  /** What became of an attempt to write beside the folders for it. */
  readonly written: string;
  readonly interfaces: readonly string[];
  readonly sbom: string;
}

/** Runs inside the container, in one process since starting one takes a quarter of a CPU a while. */
async function ask({ token, calls }: Questions): Promise<void> {
  const fs = process.getBuiltinModule('node:fs');
  const origin = 'http://127.0.0.1:8080';
  const post = (path: string, body: object, headers: Record<string, string>): Promise<Response> =>
    fetch(origin + path, { method: 'POST', body: JSON.stringify(body), headers });
  for (let tries = 0; ; tries++) {
    const healthy = await fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) break;
    if (tries > 600) throw new Error('never healthy');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const json = { 'content-type': 'application/json' };
  const own = { ...json, authorization: `Bearer ${token}` };
  const withoutToken = (await post('/tools/list', {}, json)).status;
  const list = (await (await post('/tools/list', {}, own)).json()) as { tools: { name: string }[] };
  const said: string[] = [];
  for (const [name, args] of calls) {
    const answer = (await (await post('/tools/call', { name, arguments: args }, own)).json()) as {
      content?: { text?: string }[];
    };
    said.push(answer.content?.map(({ text }) => text ?? '').join('\n') ?? JSON.stringify(answer));
  }
  const processes = fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const uid = /^Uid:\t(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
      return [{ command, uid, input: fs.readlinkSync(`/proc/${pid}/fd/0`) }];
    } catch {
      return [];
    }
  });
  let written = 'written';
  try {
    fs.writeFileSync('/opt/server/new', '');
  } catch (error) {
    written = (error as NodeJS.ErrnoException).code ?? '';
  }
  const interfaces = fs.readdirSync('/sys/class/net');
  const sbom = fs.readFileSync('/usr/share/mcpnest/sbom.cdx.json', 'utf8');
  process.stdout.write(
    JSON.stringify({
      tools: list.tools.map(({ name }) => name),
      said,
      withoutToken,
      processes,
      written,
      interfaces,
      sbom,
    }),
  );
}

/** The program to run in a container with `node -e`. */
const program = (questions: Questions): string => `(${ask.toString()})(${JSON.stringify(questions)})`;

/** Ask the bridge of a running container. @throws Error with what it said when it does not answer */
export async function askInside(socket: string, name: string, questions: Questions): Promise<Answers> {
  const { code, out, errors } = await docker(socket, ['exec', name, 'node', '-e', program(questions)]);
  if (code !== 0) throw new Error(`${name} does not answer: ${errors}\n${(await docker(socket, ['logs', name])).out}`);
  return JSON.parse(out) as Answers;
}
