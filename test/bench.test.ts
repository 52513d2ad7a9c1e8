import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processTree, startedAt } from '../bench/cpu.ts';
import type { LoadJob, LoadResult } from '../bench/load.ts';
import type { Sample } from '../bench/measure.ts';
import { readOptions } from '../bench/options.ts';
import { makeReport, type Report } from '../bench/report.ts';
import { startNode } from '../bench/targets.ts';

const run = fileURLToPath(new URL('../bench/run.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcpnest-bench-test-'));
/** The run puts its own temporary folder here, so that leftovers can be told from those of others. */
const env = { ...process.env, TMPDIR: folder };
const onLinux = process.platform === 'linux';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a miniature of npm run bench', () => {
  let report: Report;
  let stdout: string;

  beforeAll(async () => {
    const out = join(folder, 'result.json');
    const targets = ['--only', 'direct,node-pipe,governed', '--generations', '1', '--rounds', '1'];
    const times = ['--seconds', '0.5', '--warm-up', '0.2'];
    const ended = await promisify(execFile)(process.execPath, [run, ...targets, ...times, '--out', out], { env });
    stdout = ended.stdout;
    report = JSON.parse(readFileSync(out, 'utf8')) as Report;
  }, 60_000);

  it('has no wrong reply and writes the figures of every target', () => {
    expect(report.errors).toBe(0);
    expect(report.rounds).toBe(1);
    expect(report.node).toBe(process.version);
    expect(Date.parse(report.date)).toBeGreaterThan(Date.now() - 60_000);
    for (const summary of [report, report.list]) {
      for (const figures of [summary.requests_per_second, summary.p50, summary.p99]) {
        expect(Object.keys(figures)).toEqual(['direct', 'node-pipe', 'governed']);
        for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
      }
      const { direct, governed, 'node-pipe': pipe } = summary.requests_per_second;
      expect(summary.ratios['governed/node-pipe']).toBeCloseTo(governed! / pipe!, 2);
      expect(summary.ratios['governed/direct']).toBeCloseTo(governed! / direct!, 2);
      expect(summary.ratios).not.toHaveProperty('governed/nginx');
    }
    expect(stdout).toContain('governed/node-pipe');
    expect(stdout).toContain('0 wrong replies');
  });

  it.runIf(onLinux)('tells the CPU time per call and the memory of what stands in between', () => {
    expect(Object.keys(report.cpu_us_per_call)).toEqual(['node-pipe', 'governed']);
    expect(report.cpu_us_per_call['governed']).toBeGreaterThan(report.cpu_us_per_call['node-pipe']! / 2);
    expect(report.rss['governed']).toBeGreaterThan(20);
  });

  it('[GW-15] adds little to a call: milliseconds, with everything on and 16 clients at once', () => {
    expect(report.p50['governed']! - report.p50['direct']!).toBeLessThan(20);
  });
});

describe('npm run bench -- --journal-off', () => {
  it('measures a composition without a journal beside the product', async () => {
    const out = join(folder, 'journal-off.json');
    const args = ['--journal-off', '--only', 'governed', '--generations', '1', '--rounds', '1', '--out', out];
    await promisify(execFile)(process.execPath, [run, ...args, '--seconds', '0.3', '--warm-up', '0.1'], { env });
    const report = JSON.parse(readFileSync(out, 'utf8')) as Report;
    expect(report.errors).toBe(0);
    expect(Object.keys(report.requests_per_second)).toEqual(['governed', 'governed-journal-off']);
    expect(report.ratios['governed/governed-journal-off']).toBeGreaterThan(0);
  }, 60_000);
});

describe('the load generator', () => {
  it.each<[string, (id: number) => [number, object]]>([
    ['status 500', (id: number) => [500, { jsonrpc: '2.0', id, result: {} }]],
    ['foreign id', (id: number) => [200, { jsonrpc: '2.0', id: id + 1, result: {} }]],
    ['no result', (id: number) => [200, { jsonrpc: '2.0', id, error: { code: 504, message: 'Timeout' } }]],
    ['isError', (id: number) => [200, { jsonrpc: '2.0', id, result: { isError: true } }]],
    ['short reply', () => [200, {}]],
  ])('counts a reply with %s as an error, never as a request', async (kind, reply) => {
    const result = await loadOn(0, {}, (request, response) => {
      request.setEncoding('utf8').once('data', (body: string) => {
        const [status, message] = reply((JSON.parse(body) as { id: number }).id);
        response.writeHead(status).end(JSON.stringify(message));
      });
    });

    expect(result.requests).toBe(0);
    expect(Object.keys(result.kinds)).toEqual([kind]);
    expect(result.firstError).toContain(kind);
  });

  it('counts a connection that breaks as an error and opens another one', async () => {
    let seen = 0;
    const result = await loadOn(0, {}, (request, response) => {
      seen += 1;
      if (seen % 2 === 0) request.socket.destroy();
      else echo(request, response);
    });

    expect(result.requests).toBeGreaterThan(2);
    expect(result.errors).toBeGreaterThan(2);
  });

  it('at a fixed rate counts a stall for every request that was due in it', async () => {
    let first: number | undefined;
    const result = await loadOn(100, { seconds: 1, connections: 2 }, (request, response) => {
      first ??= performance.now();
      const since = performance.now() - first;
      setTimeout(() => echo(request, response), since > 100 && since < 800 ? 800 - since : 0);
    });

    // Only the two requests on the wire met the stall themselves; the seventy due meanwhile waited behind them.
    expect(result.errors).toBe(0);
    expect(result.requests).toBeGreaterThan(60);
    expect(result.p50).toBeGreaterThan(50);
  });
});

describe('a report', () => {
  it('compares what was measured in the same round, the calm ones where there are two', () => {
    const sample = (target: Sample['target'], round: number, requestsPerSecond: number, foreign = 0): Sample => ({
      ...{ target, method: 'tools/call', round, requests: 1, requestsPerSecond, p50: 1, p99: 1 },
      ...{ cpuPerRequest: 1e6 / requestsPerSecond, memory: 1, foreign, errors: 0, firstError: undefined },
    });
    // The machine is three times as fast in the last calm round; in the noisy one the pipe has it for itself.
    const governed = [sample('governed', 0, 70), sample('governed', 1, 81), sample('governed', 2, 240)];
    const pipe = [sample('node-pipe', 2, 300), sample('node-pipe', 0, 100), sample('node-pipe', 1, 90)];
    const noisy = [sample('governed', 3, 10, 0.2), sample('node-pipe', 3, 1_000)];
    const alone = [sample('governed', 4, 900)];
    const options = readOptions(['--only', 'node-pipe,governed'], '')!;
    const facts = { options, rounds: 5, pinned: true, nginx: null, leftOut: [] };
    const { ratios, cpu_ratios: cpu } = makeReport([...governed, ...pipe, ...noisy, ...alone], facts);
    expect(ratios).toEqual({ 'governed/node-pipe': 0.8 });
    expect(cpu).toEqual({ 'governed/node-pipe': 1.25 });
    expect(makeReport([...noisy, ...alone], facts).ratios).toEqual({ 'governed/node-pipe': 0.01 });
  });
});

describe('the command', () => {
  it.runIf(onLinux)(
    'ends everything it started when it is interrupted',
    async () => {
      const child = spawn(process.execPath, [run, '--only', 'node-pipe', '--seconds', '20'], { env, stdio: 'ignore' });
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      let tree = processTree(child.pid!);
      for (const until = Date.now() + 20_000; tree.length < 4 && Date.now() < until; tree = processTree(child.pid!)) {
        await sleep(50);
      }
      expect(tree.length).toBeGreaterThanOrEqual(4);
      const born = new Map(tree.map((pid) => [pid, startedAt(pid)]));

      child.kill('SIGINT');

      expect(await ended).toBe(130);
      const left = (): number[] =>
        tree.filter((pid) => startedAt(pid) !== undefined && startedAt(pid) === born.get(pid));
      for (const until = Date.now() + 3_000; left().length > 0 && Date.now() < until;) await sleep(20);
      expect(left()).toEqual([]);
      expect(readdirSync(folder).filter((name) => name.startsWith('mcpnest-bench-'))).toEqual([]);
    },
    60_000,
  );

  it.each([
    [['--rate', 'fast'], '--rate is a number'],
    [['--only', 'apache'], '--only knows direct, node-pipe, nginx, governed'],
    [['--journal', 'paper'], "--journal is 'strict' or 'available'"],
    [['--swift'], "Unknown option '--swift'"],
    [['--against', '/nowhere'], "--against is the folder of another checkout of this repository, not '/nowhere'"],
  ])('refuses %j and names the remedy', async (args, words) => {
    const refused = promisify(execFile)(process.execPath, [run, ...args], { env });

    await expect(refused).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(words) as string });
  });
});

/** Puts the real load generator on a server that answers as told. */
async function loadOn(rate: number, more: Partial<LoadJob>, answer: RequestListener): Promise<LoadResult> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const load = await startNode(folder, 'load', './load.ts', [], undefined);
  await using stack = new AsyncDisposableStack();
  stack.use(load.process);
  stack.defer(() => server.closeAllConnections());
  stack.defer(() => void server.close());
  const job: LoadJob = {
    url: `http://127.0.0.1:${port}/mcp`,
    method: 'tools/call',
    tool: 'echo',
    connections: 2,
    leadIn: 0.05,
    seconds: 0.2,
    rate,
    minReplyBytes: 10,
    targetPids: [],
    upstreamPids: [],
    ...more,
  };
  return await new Promise((resolve) => {
    load.process.child.once('message', (result) => resolve(result as LoadResult));
    load.process.child.send(job);
  });
}

const echo: RequestListener = (request, response) => {
  request.setEncoding('utf8').once('data', (body: string) => {
    const { id } = JSON.parse(body) as { id: number };
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
  });
};
