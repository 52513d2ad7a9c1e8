import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { variables } from '../config/env.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const dockerfile = readFileSync(`${root}deploy/Dockerfile`, 'utf8');
const instructions = dockerfile
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));

interface ComposeService {
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly security_opt: readonly string[];
}
const compose = parse(readFileSync(`${root}deploy/compose.yaml`, 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<'mcpnest' | 'postgres', ComposeService & Readonly<Record<string, unknown>>>>;
};

describe('the Dockerfile', () => {
  it('copies files that exist, and the manifest of every workspace', () => {
    const sources = instructions
      .filter((line) => line.startsWith('COPY') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    for (const source of sources) expect(existsSync(root + source), source).toBe(true);
    for (const name of readdirSync(`${root}packages`)) expect(sources).toContain(`packages/${name}/package.json`);
    const ignored = readFileSync(`${root}deploy/Dockerfile.dockerignore`, 'utf8').split('\n');
    for (const source of sources) expect(ignored).toContain(`!${source.split('/')[0]}`);
  });

  it('[BRG-09] runs as nobody in particular, installs from the lock alone and runs no install script', () => {
    expect(instructions.filter((line) => line.startsWith('USER'))).toEqual(['USER 10001:10001']);
    expect(dockerfile).toMatch(/npm ci --ignore-scripts --omit=dev/);
    expect(dockerfile).not.toMatch(/curl|wget|ADD |npm install|apt-get/);
    expect(instructions.at(-1)).toBe('CMD ["node", "packages/server/src/main.ts"]');
    expect(instructions.some((line) => line.startsWith('HEALTHCHECK'))).toBe(true);
  });

  it('sets variables that exist', () => {
    const names = /^ENV (.*)$/m
      .exec(dockerfile)![1]!
      .split(' ')
      .map((pair) => pair.split('=')[0]!);
    for (const name of names.filter((one) => one !== 'NODE_ENV')) expect(Object.keys(variables.shape)).toContain(name);
  });
});

describe('the compose file', () => {
  const { mcpnest, postgres } = compose.services;

  it('confines the product and shows it to this host alone', () => {
    expect(mcpnest).toMatchObject({
      user: '10001:10001',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      ports: ['127.0.0.1:8420:8420'],
      volumes: ['data:/data'],
    });
    for (const name of Object.keys(mcpnest.environment)) {
      expect(Object.keys(variables.shape)).toContain(name.replace(/_FILE$/, ''));
    }
  });

  it('[ORC-04] gives no container the socket of an engine, and no password to an environment', () => {
    const text = readFileSync(`${root}deploy/compose.yaml`, 'utf8');
    expect(text).not.toMatch(/docker\.sock|privileged|network_mode|pid:/);
    expect(Object.keys(postgres.environment)).not.toContain('POSTGRES_PASSWORD');
    expect(postgres.ports).toBeUndefined();
    expect(postgres['profiles']).toEqual(['postgres']);
  });
});
