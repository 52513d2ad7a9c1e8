import { createHistogram } from 'node:perf_hooks';
import { openConnection, type Connection } from './connection.ts';
import { cpuSeconds, machineBusySeconds } from './cpu.ts';

/** What the load generator is asked to do; sent by its parent, one job at a time. */
export interface LoadJob {
  url: string;
  token?: string;
  method: 'tools/call' | 'tools/list';
  tool: string;
  /** Connections, each with one request in flight. */
  connections: number;
  /** Seconds of load before and during the measurement. */
  leadIn: number;
  seconds: number;
  /** Requests per second in all; 0 = as many as the answers allow (closed loop). */
  rate: number;
  /** Bytes a good reply has at least. */
  minReplyBytes: number;
  /** The processes whose CPU time counts as the target's, and those of the test itself. */
  targetPids: readonly number[];
  upstreamPids: readonly number[];
}

export interface LoadResult {
  requests: number;
  seconds: number;
  errors: number;
  /** Errors by kind, and the first one in words. */
  kinds: Record<string, number>;
  firstError?: string;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Seconds of CPU time within the measured span. */
  targetCpu: number;
  upstreamCpu: number;
  loadCpu: number;
  machineCpu: number;
}

/**
 * The load generator, its own process: jobs come in and results go out over the parent's channel.
 * Each reply is checked: status 200, the request's own id, a `result`, no `isError`, not shorter than it must be.
 */
const firstId = 100_000_000;
const timeoutNs = 10_000_000_000n;
let nextId = firstId;

interface Line {
  connection: Connection;
  /** The whole request; the nine digits of its id are overwritten in place for each one. */
  request: Buffer;
  idOffset: number;
  id: string;
  /** Latency counts from here; 0n = idle. */
  since: bigint;
}

function requestTemplate(job: LoadJob): { bytes: Buffer; idOffset: number } {
  const params = job.method === 'tools/call' ? { name: job.tool, arguments: { message: 'm'.repeat(32) } } : {};
  const body = JSON.stringify({ jsonrpc: '2.0', id: firstId, method: job.method, params });
  const url = new URL(job.url);
  const head =
    `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\n` +
    'accept: application/json, text/event-stream\r\n' +
    (job.token === undefined ? '' : `authorization: Bearer ${job.token}\r\n`) +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return { bytes: Buffer.from(head + body), idOffset: head.length + body.indexOf(String(firstId)) };
}

/** What is wrong with a reply, or undefined. Long ones are looked at in their first and last 4 KiB only. */
function fault(job: LoadJob, status: number, body: Buffer, id: string): string | undefined {
  if (status !== 200) return `status ${status}`;
  if (body.length < job.minReplyBytes) return 'short reply';
  const text =
    body.length <= 8192
      ? body.toString('latin1')
      : body.toString('latin1', 0, 4096) + body.toString('latin1', body.length - 4096, body.length);
  if (!text.includes(`"id":${id}`)) return 'foreign id';
  if (!text.includes('"result"')) return 'no result';
  return text.includes('"isError":true') ? 'isError' : undefined;
}

async function run(job: LoadJob): Promise<LoadResult> {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000_000, figures: 3 });
  const kinds: Record<string, number> = {};
  const { hostname, port } = new URL(job.url);
  const template = requestTemplate(job);
  const lines: Line[] = [];
  let firstError: string | undefined;
  let measuring = false;
  let stopped = false;
  let ready: (line: Line) => void = () => undefined;

  const send = (line: Line, since: bigint): void => {
    line.id = String(nextId);
    nextId += 1;
    line.request.write(line.id, line.idOffset, 'latin1');
    line.since = since;
    line.connection.send(line.request);
  };
  const failed = (line: Line, kind: string, words: string): void => {
    line.since = 0n;
    if (measuring) {
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      firstError ??= words.slice(0, 300);
    }
    // A pause, so that a dead target costs a few errors and not a spinning core.
    setTimeout(() => ready(line), 10);
  };

  for (let index = 0; index < job.connections; index += 1) {
    const line: Line = {
      request: Buffer.from(template.bytes),
      idOffset: template.idOffset,
      id: '',
      since: 0n,
      connection: openConnection(hostname, Number(port), {
        replied(status, body) {
          const kind = fault(job, status, body, line.id);
          if (kind !== undefined) return failed(line, kind, `${kind}: ${status} ${body.toString('utf8', 0, 250)}`);
          if (measuring) histogram.record(Number(process.hrtime.bigint() - line.since) || 1);
          line.since = 0n;
          ready(line);
        },
        failed: (reason) => failed(line, reason, reason),
      }),
    };
    lines.push(line);
  }

  const sweep = setInterval(() => {
    const limit = process.hrtime.bigint() - timeoutNs;
    for (const line of lines) if (line.since !== 0n && line.since < limit) line.connection.abort('timeout');
  }, 250);
  const isStopped = (): boolean => stopped;
  ready = job.rate > 0 ? openLoop(lines, job.rate, send, isStopped) : closedLoop(lines, send, isStopped);

  await sleep(job.leadIn);
  const readings = (): number[] => [
    cpuSeconds(job.targetPids),
    cpuSeconds(job.upstreamPids),
    process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    machineBusySeconds(),
  ];
  const before = readings();
  const startedAt = process.hrtime.bigint();
  measuring = true;
  await sleep(job.seconds);
  measuring = false;
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  const used = readings().map((value, index) => value - before[index]!);
  stopped = true;
  clearInterval(sweep);
  for (const line of lines) line.connection.close();
  return {
    requests: histogram.count,
    seconds,
    errors: Object.values(kinds).reduce((sum, count) => sum + count, 0),
    kinds,
    ...(firstError === undefined ? {} : { firstError }),
    p50: histogram.percentile(50) / 1e6,
    p99: histogram.percentile(99) / 1e6,
    targetCpu: used[0]!,
    upstreamCpu: used[1]!,
    loadCpu: used[2]!,
    machineCpu: used[3]!,
  };
}

type Send = (line: Line, since: bigint) => void;

/** Each connection sends its next request when its last one is answered. */
function closedLoop(lines: Line[], send: Send, stopped: () => boolean): (line: Line) => void {
  const next = (line: Line): void => {
    if (!stopped()) send(line, process.hrtime.bigint());
  };
  for (const line of lines) next(line);
  return next;
}

/**
 * Requests become due at fixed times whether or not answers came. One that finds a free connection counts from its
 * sending; one that has to wait counts from when it was due, so a stalling target cannot hide what it held up.
 */
function openLoop(lines: Line[], rate: number, send: Send, stopped: () => boolean): (line: Line) => void {
  const idle = [...lines];
  const waiting: bigint[] = [];
  const gap = 1e9 / rate;
  const startedAt = process.hrtime.bigint();
  let issued = 0;
  const tick = (): void => {
    if (stopped()) return;
    const due = Number(process.hrtime.bigint() - startedAt) / gap;
    for (; issued < due; issued += 1) {
      const line = idle.pop();
      if (line === undefined) waiting.push(startedAt + BigInt(Math.round(issued * gap)));
      else send(line, process.hrtime.bigint());
    }
    setTimeout(tick, 1);
  };
  tick();
  return (line) => {
    const due = stopped() ? undefined : waiting.shift();
    if (due === undefined) idle.push(line);
    else send(line, due);
  };
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

process.on('message', (job: LoadJob) => {
  void run(job).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: 0 });
