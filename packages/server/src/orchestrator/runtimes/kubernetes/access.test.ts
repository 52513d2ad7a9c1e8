import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen, type Listening } from '../../../../../../test/upstreams/listen.ts';
import { systemClock } from '../../../platform/clock.ts';
import { inClusterAccess, type ClusterAccess } from './access.ts';
import { openKubernetesApi } from './api.ts';
import { kubeconfigAccess } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpnest-kubeconfig-'));
const file = (name: string): string => join(folder, name);
let server: Server;
let listening: Listening;
let seen: { authorization: string | undefined; peer: string };

beforeAll(async () => {
  const subject = ['-subj', '/CN=kubernetes', '-addext', 'subjectAltName=DNS:kubernetes,IP:127.0.0.1'];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...args, '-keyout', file('key.pem'), '-out', file('ca.crt'), ...subject], {
    stdio: 'ignore',
  });
  const [key, cert] = [readFileSync(file('key.pem')), readFileSync(file('ca.crt'))];
  server = createServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const peer = (request.socket as TLSSocket).getPeerCertificate();
    seen = { authorization: request.headers.authorization, peer: [peer.subject?.CN].flat().join() };
    response.end(JSON.stringify({ items: [] }));
  });
  listening = await listen(server);
});
afterAll(async () => {
  await listening[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function ask(access: ClusterAccess): Promise<typeof seen> {
  using api = openKubernetesApi(access, systemClock);
  await api.list('/api/v1/namespaces/x/pods', 'a=b');
  return seen;
}

function kubeconfig(cluster: object, user: object): ClusterAccess {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${listening.port}`, ...cluster } }],
    users: [{ name: 'u', user }],
  };
  writeFileSync(file('config'), JSON.stringify(config));
  return kubeconfigAccess(file('config'));
}

describe('access to the API server', () => {
  it('in a pod: the token of the service account, read anew for each request, and its CA', async () => {
    writeFileSync(file('token'), 'first\n');
    const access = inClusterAccess({ host: '127.0.0.1', port: `${listening.port}` }, folder);
    expect((await ask(access)).authorization).toBe('Bearer first');
    writeFileSync(file('token'), 'rotated\n');
    expect((await ask(access)).authorization).toBe('Bearer rotated');
    expect(() => inClusterAccess({ host: undefined, port: undefined })).toThrow(/KUBECONFIG/);
    expect(() => inClusterAccess({ host: 'h', port: '1' }, file('nowhere'))).toThrow(/service account/);
  });

  it('by kubeconfig: a token, or a client certificate, from the file or from files beside it', async () => {
    expect(await ask(kubeconfig({ 'certificate-authority': 'ca.crt' }, { token: 'abc' }))).toEqual({
      authorization: 'Bearer abc',
      peer: '',
    });
    const data = (name: string): string => readFileSync(file(name)).toString('base64');
    const user = { 'client-certificate-data': data('ca.crt'), 'client-key': 'key.pem' };
    const cluster = { 'certificate-authority-data': data('ca.crt'), 'tls-server-name': 'kubernetes' };
    expect(await ask(kubeconfig(cluster, user))).toEqual({ authorization: undefined, peer: 'kubernetes' });
  });

  it('believes no server whose certificate the CA has not signed', async () => {
    await expect(ask(kubeconfig({}, { token: 'abc' }))).rejects.toThrow(/cannot be reached/);
  });

  it.each([
    [{}, { exec: { command: 'aws' } }, /program/],
    [{}, { 'auth-provider': {} }, /program/],
    [{}, { username: 'x', password: 'y' }, /password/],
    [{}, { token: 'x', as: 'admin' }, /act as/],
    [{ 'insecure-skip-tls-verify': true }, { token: 'x' }, /not checked/],
    [{ 'proxy-url': 'http://p' }, { token: 'x' }, /proxy/],
    [{ server: 'http://10.0.0.1' }, { token: 'x' }, /https/],
    [{}, { 'client-key': 'key.pem' }, /without/],
  ])('refuses what it would have to trust blindly: %j %j', (cluster, user, reason) => {
    expect(() => kubeconfig(cluster, user)).toThrow(reason);
  });

  it('names a file it cannot use', () => {
    expect(() => kubeconfigAccess(file('nowhere'))).toThrow(/cannot be read/);
    writeFileSync(file('odd'), 'clusters: 1');
    expect(() => kubeconfigAccess(file('odd'))).toThrow(/no kubeconfig/);
  });
});
