import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bridgeBin } from '../../bridge.ts';
import { nodeEnvironment } from '../../node.ts';
import { endChild } from '../../upstreams/child.ts';

export interface PodSpecLike {
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly {
    readonly image: string;
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}

/** A pod's container as a process: the real bridge, with an address of its own on loopback. */
export class PodProcess {
  readonly address: string;
  readonly lines: string[] = [];
  /** `line` for each line, `end` when it has ended. */
  readonly events = new EventEmitter();
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #folder: string;

  /**
   * @param files the content of the Secret volume; there are no mount namespaces, so its place is put into the
   * variables instead
   */
  constructor(spec: PodSpecLike, files: Readonly<Record<string, Buffer>>, address: string, hosts: readonly string[]) {
    this.address = address;
    this.events.setMaxListeners(0);
    this.#folder = mkdtempSync(join(tmpdir(), 'mcpnest-pod-'));
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(this.#folder, name), content, { mode: 0o400 });
    const container = spec.containers[0]!;
    const secretVolume = spec.volumes?.find(({ secret }) => secret !== undefined)?.name;
    const mounted = container.volumeMounts?.find(({ name }) => name === secretVolume)?.mountPath ?? '\0';
    const env = Object.fromEntries(
      (container.env ?? []).map(({ name, value }) => [name, value.replace(mounted, this.#folder)]),
    );
    const allowed = [env['MCP_BRIDGE_ALLOWED_HOSTS'], ...hosts].filter((name) => name !== undefined);
    this.#child = spawn(process.execPath, [bridgeBin], {
      // An address of its own is what a network namespace would have given it.
      env: {
        ...nodeEnvironment,
        ...env,
        MCP_BRIDGE_HOST: address,
        MCP_BRIDGE_ALLOWED_HOSTS: allowed.join(),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    const hear = (chunk: Buffer): void => {
      const parts = (rest + chunk.toString('utf8')).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = `${new Date().toISOString().replace('Z', '000000Z')} ${part}`;
        this.lines.push(line);
        this.events.emit('line', line);
      }
    };
    this.#child.stdout!.on('data', hear);
    this.#child.stderr!.on('data', hear);
    this.ended = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        rmSync(this.#folder, { recursive: true, force: true });
        this.events.emit('end');
        resolve(code ?? (signal === 'SIGKILL' ? 137 : 143));
      }),
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Whether it ended as one does whose memory is used up. */
  outOfMemory = false;

  /** As the kernel does when the memory is used up. */
  killForMemory(): void {
    this.outOfMemory = true;
    this.kill();
  }

  /** TERM, and KILL when the grace is over. */
  end(graceSeconds: number): Promise<void> {
    return endChild(this.#child, graceSeconds * 1000);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
