import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDockerTest, type DockerTest } from '../../../../../../test/servers/docker-tests.ts';
import { askProbe, connecting } from '../../../../../../test/servers/hosted-probe.ts';

let test: DockerTest;

beforeAll(async () => {
  test = await openDockerTest(inject('dockerSocket'));
});
afterEach(async () => await test.removeAll());
afterAll(async () => await test[Symbol.asyncDispose]());

const addressOf = async (role: 'workload' | 'gate', instanceId: string, network: RegExp): Promise<string> => {
  const networks = (await test.inspect(role, instanceId)).NetworkSettings.Networks;
  return Object.entries(networks).find(([name]) => network.test(name))?.[1].IPAddress ?? '';
};

describe('from inside an instance', () => {
  it('[ORC-04] no service of the host can be reached, at any of its addresses', async () => {
    const host = createServer((socket) => socket.destroy()).listen(0, '::');
    await once(host, 'listening');
    const address = host.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { endpoint, instanceId } = await test.start();
    const own = await addressOf('workload', instanceId, /./);
    const everyAddress = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
      (addresses ?? []).map((each) => (each.scopeid ? `${each.address}%${name}` : each.address)),
    );
    // The listener is there: without that, what follows would prove nothing.
    expect(everyAddress.length).toBeGreaterThan(2);
    for (const each of everyAddress.filter((candidate) => !candidate.includes('%'))) {
      expect(await reach(each, port), each).toBe('connected');
    }
    const inside = everyAddress.map((each) => each.replace(/%.*/, '%eth0'));
    const neighbours = Array.from({ length: 8 }, (_, last) =>
      own.replace(/\d+$/, (n) => String((Number(n) & ~7) + last)),
    );
    const outcomes = await Promise.all(
      [...inside, ...neighbours].map((each) => askProbe<string>(endpoint, connecting(each, port))),
    );
    expect(outcomes.filter((outcome) => outcome === 'connected')).toEqual([]);
    host.close();
  });

  it('[ORC-04] neither the metadata address, nor the internet, nor the socket of an engine is there', async () => {
    const { endpoint } = await test.start();
    const outside = ['169.254.169.254', 'fd00:ec2::254', '1.1.1.1', '2606:4700:4700::1111'];
    const outcomes = await Promise.all(outside.map((each) => askProbe(endpoint, connecting(each, 80))));
    expect(outcomes).not.toContain('connected');
    const seen = await askProbe<Record<string, unknown>>(
      endpoint,
      `const fs = await load('node:fs'); const os = await load('node:os');
       const sockets = ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'];
       const ip = Object.values(os.networkInterfaces()).flat().map(({ family, internal }) => family + internal);
       return { sockets: sockets.filter((path) => fs.existsSync(path)), ip: ip.sort() };`,
    );
    expect(seen).toEqual({ sockets: [], ip: ['IPv4false', 'IPv4true'] });
  });

  it('[ORC-04] no other instance answers, of the same workspace or another, nor its gate', async () => {
    const one = await test.start();
    const [same, other] = await Promise.all([test.start({ workspaceId: one.workspaceId }), test.start()]);
    expect(await askProbe(same.endpoint, 'return 1')).toBe(1);
    expect(await askProbe(other.endpoint, 'return 1')).toBe(1);
    const addresses = await Promise.all(
      [same, other].flatMap(({ instanceId }) => [
        addressOf('workload', instanceId, /./),
        addressOf('gate', instanceId, /edge$/),
        addressOf('gate', instanceId, /(?<!edge)$/),
      ]),
    );
    for (const address of addresses) expect(address).toMatch(/^\d/);
    const outcomes = await Promise.all(addresses.map((address) => askProbe(one.endpoint, connecting(address, 8080))));
    expect(outcomes).not.toContain('connected');
    const own = await addressOf('gate', one.instanceId, /(?<!edge)$/);
    expect(await askProbe(one.endpoint, connecting(own, 3128))).toBe('ECONNREFUSED');
  });

  it('[ORC-04] names lead nowhere, and no question about one leaves the instance', async () => {
    const asked: string[] = [];
    // Where an engine's resolver would forward to if it took the loopback address for the host's.
    const resolver = createSocket('udp4').on('message', (message) => asked.push(message.toString('latin1')));
    resolver.bind(53, '127.0.0.1');
    await once(resolver, 'listening');
    const { endpoint, instanceId } = await test.start();
    const began = performance.now();
    const look = `const { promises } = await load('node:dns'); return (await promises.lookup('secret.example.com')).address`;
    await expect(askProbe(endpoint, look)).rejects.toThrow(/EAI_AGAIN|ENOTFOUND|ETIMEOUT/);
    expect(performance.now() - began).toBeLessThan(8000);
    expect(asked).toEqual([]);
    expect((await test.inspect('workload', instanceId)).HostConfig.Dns).toEqual(['127.0.0.1']);
    expect((await test.inspect('gate', instanceId)).HostConfig.Dns).toEqual(['127.0.0.1']);
    resolver.close();
  });
});

async function reach(host: string, port: number): Promise<string> {
  const { connect } = await import('node:net');
  const socket = connect({ host, port, timeout: 2000 });
  return await new Promise((resolve) => {
    socket.on('connect', () => resolve('connected')).on('error', (error) => resolve(error.message));
    socket.on('timeout', () => resolve('timeout')).on('connect', () => socket.destroy());
  });
}
