import { expect, inject, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrapData, spawnProduct, until, type SpawnedProduct } from '../harness.ts';
import { docker } from '../servers/hardened-container.ts';
import { allowEntries, buildEntries } from '../servers/hosted-images.ts';
import { extent, randomFrom, seed } from './extent.ts';

const socket = inject('dockerSocket');
const params = { workspace: 'acme' };
const rounds = extent(3, 20);

const asked = async (...args: string[]): Promise<string> => (await docker(socket, args)).out.trim();

/** Instances that have a workload that runs, by the label of their own installation. */
async function running(install: string): Promise<string[]> {
  const filters = [`label=mcpnest.install=${install}`, 'label=mcpnest.role=workload'];
  const format = '{{.Label "mcpnest.instance"}}';
  const found = await asked('ps', ...filters.flatMap((one) => ['--filter', one]), '--format', format);
  return found.split('\n').filter(Boolean).sort();
}

const objects = async (install: string): Promise<number> => {
  const filter = ['--filter', `label=mcpnest.install=${install}`, '-q'];
  const all = [await asked('ps', '-a', ...filter), await asked('network', 'ls', ...filter)];
  return all.flatMap((text) => text.split('\n').filter(Boolean)).length;
};

const wanted = async ({ client }: SpawnedProduct): Promise<string[]> =>
  (await client.hosted.list({ query: params })).items.map(({ instance_id: id }) => id).sort();

it(
  `[ORC-01][ORC-10] survives ${rounds} kill -9 of what makes hosted servers: within a minute there is what is wanted and nothing else, and nothing of others was touched (seed ${seed})`,
  async () => {
    await using stack = new AsyncDisposableStack();
    const random = randomFrom(seed);
    let install = 'none-yet';
    const data = stack.use(await bootstrapData());
    const built = await buildEntries(socket, ['memory']);
    const env = { MCPNEST_RUNTIME: 'docker', MCPNEST_DOCKER_SOCKET: socket };
    const stranger = await asked('create', '--label', 'mcpnest.install=somebody-else', built[0]!.digest);
    stack.defer(() => asked('rm', '-f', stranger).then(() => undefined));
    const strangerBefore = await asked('inspect', '--format', '{{json .State}}', stranger);

    let product = await spawnProduct({ data, env });
    stack.defer(async () => {
      await product[Symbol.asyncDispose]();
      await sweep(install);
    });
    await allowEntries(product.client, built);
    const first = await deploy(product);
    install = await firstSeen(() =>
      asked('ps', '-a', '--filter', `label=mcpnest.instance=${first}`, '--format', '{{.Label "mcpnest.install"}}').then(
        (text) => text.split('\n')[0] ?? '',
      ),
    );
    for (let round = 1; round <= rounds; round++) {
      const now = await wanted(product);
      if (now.length < 2) await deploy(product);
      else if (random() < 0.5) await product.client.hosted.terminate({ params: { instance: now[0]! } });
      else await product.client.hosted.restart({ params: { instance: now[0]! } });
      await sleep(random() * 2_500);
      await product.kill();
      product = await spawnProduct({ data, env });
      const all = await wanted(product);
      await until(
        `round ${round}: what is wanted runs, and nothing else`,
        async () =>
          JSON.stringify(await running(install)) === JSON.stringify(all) &&
          // A workload, its gate, its network; and one edge for all.
          (await objects(install)) === all.length * 3 + 1 &&
          (await product.client.hosted.list({ query: params })).items.every(({ state }) => state === 'running'),
        60_000,
      );
    }
    for (const instance of await wanted(product)) await product.client.hosted.terminate({ params: { instance } });
    await until('nothing is left', async () => (await objects(install)) === 0, 60_000);
    expect(await asked('inspect', '--format', '{{json .State}}', stranger)).toBe(strangerBefore);
  },
  rounds * 90_000 + 300_000,
);

/** What a test that failed has left. */
async function sweep(install: string): Promise<void> {
  const filter = ['--filter', `label=mcpnest.install=${install}`, '-q'];
  const ids = async (...args: string[]) => (await asked(...args, ...filter)).split('\n').filter(Boolean);
  for (const id of await ids('ps', '-a')) await asked('rm', '-f', id);
  for (const id of await ids('network', 'ls')) await asked('network', 'rm', id);
}

const deploy = async ({ client }: SpawnedProduct): Promise<string> =>
  (await client.hosted.deploy({ body: { ...params, slug: 'memory' } })).instance_id;

/** What there is as soon as there is something. */
async function firstSeen(look: () => Promise<string>): Promise<string> {
  let seen = '';
  await until('the engine has something of ours', async () => (seen = await look()) !== '', 30_000);
  return seen;
}
