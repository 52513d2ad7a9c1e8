import { afterEach, beforeEach, expect, it } from 'vitest';
import { testEntry } from '../../domain/hosted/entries.contract.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { failure, startKit, type Kit } from '../kit.contract.ts';
import { refusePrivateNames } from './reached.ts';

const entry: CatalogueEntry = {
  ...testEntry,
  slug: 'shop',
  command: ['node', '/srv/shop/index.js'],
  variables: [{ key: 'DSN', label: 'Database URL', type: 'password', required: true, help: 'A URL.' }],
  reaches: [{ variable: 'DSN', protocol: 'postgres', local: ['sqlite'] }],
};
const params = { workspace: 'acme' };
let kit: Kit;
beforeEach(async () => {
  kit = await startKit(undefined, [], { catalogue: [entry], runtime: 'docker' });
  await kit.allowHosting();
});
afterEach(() => kit[Symbol.asyncDispose]());

const deploy = (DSN: string) => kit.owner.hosted.deploy({ body: { ...params, slug: 'shop', env: { DSN } } });
const url = (target: string, more = ''): string => `postgres://me:CANARY-pass@${target}/shop${more}`;
const shown = async (instance: string) => kit.owner.hosted.show({ params: { instance } });

it('[HST-02][ORC-04] a private address is deployed once exactly that host and port are open', async () => {
  for (const target of ['10.0.0.5:5432', 'db.internal.invalid:5432'])
    expect(await failure(deploy(url(target, '?sslmode=require')))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining(`mcpnest network allow ${target}`) as string,
    });
  await kit.owner.network.allow({ body: { target: '10.0.0.5:5432' } });
  await kit.owner.network.allow({ body: { target: 'db.internal.invalid:6000' } });
  for (const target of ['10.0.0.5:5433', '10.0.0.6', 'db.internal.invalid'])
    expect(await failure(deploy(url(target, '?sslmode=require')))).toMatchObject({ code: 'conflict' });
  for (const target of ['10.0.0.5:5432', 'DB.internal.invalid:6000']) {
    const { instance_id: id } = await deploy(url(target));
    expect(await shown(id)).toMatchObject({ reaches: [target.toLowerCase()], env_keys: ['DSN'] });
  }
  const events = await kit.owner.auditEvents.list({ params });
  const rows = await kit.database.db.selectFrom('hosted_instances').selectAll().execute();
  expect(JSON.stringify([events, rows])).not.toContain('CANARY');
});

it('[HST-02][ORC-04] what is never reached cannot be opened, what is public asks for TLS, what is local for nothing', async () => {
  await kit.owner.network.allow({ body: { target: '127.0.0.1:5432' } });
  expect(await failure(deploy(url('127.0.0.1')))).toMatchObject({
    code: 'conflict',
    detail: expect.stringContaining('inside a container') as string,
  });
  expect(await failure(deploy(url('8.8.8.8')))).toMatchObject({ code: 'conflict' });
  expect(await failure(deploy('postgres://one,two/CANARY'))).toMatchObject({
    code: 'invalid_input',
    issues: [{ path: 'body.env.DSN', message: 'must name one host' }],
  });
  const { instance_id: id } = await deploy(url('8.8.8.8', '?sslmode=require'));
  expect(await shown(id)).toMatchObject({ reaches: ['8.8.8.8:5432'] });
  const { instance_id: local } = await deploy('sqlite:///tmp/shop.db');
  expect(await shown(local)).toMatchObject({ reaches: [] });
});

it('[ORC-04] a name that leads nowhere public is refused before anything is made', async () => {
  const book: Readonly<Record<string, readonly string[]>> = {
    'db.example.com': ['8.8.8.8'],
    'in.example.com': ['10.0.0.1'],
  };
  const check = (host: string, more = '?sslmode=require') =>
    refusePrivateNames(kit.database.db, entry, new Map([['DSN', url(host, more)]]), async (name) =>
      Promise.resolve(book[name] ?? []),
    );
  await check('db.example.com');
  await expect(check('in.example.com')).rejects.toThrow('mcpnest network allow in.example.com:5432');
  await expect(check('nowhere.example.com')).rejects.toThrow('mcpnest network allow');
  await expect(check('db.example.com', '')).rejects.toThrow('sslmode=require');
  await kit.owner.network.allow({ body: { target: 'in.example.com:5432' } });
  await check('in.example.com', '');
});

it('[ORC-04] a restart asks again whether the address is open, and finds those of an older version', async () => {
  const target = '10.0.0.5:5432';
  await kit.owner.network.allow({ body: { target } });
  const { instance_id: id } = await deploy(url(target));
  await kit.database.db.updateTable('hosted_instances').set({ reaches: '[]' }).execute();
  const restart = () => kit.owner.hosted.restart({ params: { instance: id } });
  await restart();
  expect(await shown(id)).toMatchObject({ reaches: [target] });
  await kit.owner.network.revoke({ params: { target } });
  expect(await failure(restart())).toMatchObject({ code: 'conflict' });
});
