import { describe, expect, it } from 'vitest';
import { testEntry } from './entries.contract.ts';
import { addressesIn, locate, passwordsIn } from './reached.ts';
import { variableIssues } from './variables.ts';

const reached = { variable: 'FILES_KEY', protocol: 'postgres', local: ['sqlite'] } as const;
const entry = { ...testEntry, reaches: [reached] };

const targetOf = (value: string): string => {
  const located = locate(value, reached);
  if (located.kind !== 'address') return located.kind;
  return `${located.address.host}:${located.address.port}${located.address.encrypted ? ' encrypted' : ''}`;
};

describe('an address in a value', () => {
  it.each([
    ['postgres://db.example.com/shop', 'db.example.com:5432'],
    ['postgresql://me:secret@DB.Example.com:6000/shop', 'db.example.com:6000'],
    ['POSTGRES://me@10.0.0.5:6000', '10.0.0.5:6000'],
    ['postgres://0x7f.1/shop', '127.0.0.1:5432'],
    ['postgres://db/shop?application_name=x&sslmode=require', 'db:5432 encrypted'],
    ['postgres://db?sslmode=verify-full', 'db:5432 encrypted'],
    ['postgres://db/shop?sslmode=prefer', 'db:5432'],
    ['postgres://db/shop?sslmode=require&sslmode=disable', 'db:5432'],
    ['sqlite:///tmp/shop.db', 'local'],
  ])('[HST-02] of %s is %s', (value, target) => {
    expect(targetOf(value)).toBe(target);
  });

  it.each([
    ['another protocol', 'mysql://db:3306/shop'],
    ['no URL', 'host=db password=canary'],
    ['several hosts', 'postgres://one,two:5432/shop'],
    ['several hosts with ports', 'postgres://one:1,two:2/shop'],
    ['a socket', 'postgres://%2Fvar%2Frun/shop'],
    ['no host', 'postgres:///shop'],
    ['a socket in a parameter', 'postgres:///shop?host=/var/run'],
    ['another host in a parameter', 'postgres://db/shop?HOST=other'],
    ['another address in a parameter', 'postgres://db/shop?hostaddr=10.0.0.1'],
    ['another port in a parameter', 'postgres://db/shop?po%72t=22'],
    ['a password in a parameter', 'postgres://db/shop?password=canary'],
    ['an IPv6 address', 'postgres://[::1]:5432/shop'],
    ['a port that is none', 'postgres://db:99999/shop'],
    ['two ends of the login', 'postgres://me:a@b@db/shop'],
    ['a password that reads as a path', 'postgres://me:a/b@db/shop'],
    ['a backslash', 'postgres://db\\@evil/shop'],
    ['a space', 'postgres://db /shop'],
    ['a line break', 'postgres://db/shop\nx'],
    ['a fragment', 'postgres://db#@evil/shop'],
  ])('[HST-02] is refused with %s, in words that do not repeat it', (_what, value) => {
    const located = locate(value, reached);
    expect(located.kind).toBe('unusable');
    const issues = variableIssues(entry, { FILES_ROOT: '/data', FILES_KEY: value });
    expect(issues).toMatchObject([{ path: 'body.env.FILES_KEY' }]);
    expect(JSON.stringify([located, issues])).not.toMatch(/canary|evil|99999/);
    expect(addressesIn(entry, new Map([['FILES_KEY', value]]))).toEqual([]);
  });

  it('[HST-02] is all that changes when another takes its place', () => {
    const located = locate('postgresql://me:p%40ss@Db:6000/shop?sslmode=require&x=%20', reached);
    expect(located.kind === 'address' && located.moveTo('gate:1')).toBe(
      'postgresql://me:p%40ss@gate:1/shop?sslmode=require&x=%20',
    );
  });

  it('is found in time that grows with its length alone', () => {
    const started = performance.now();
    for (const part of ['a', ':', '@', '/', '?', ',', '%2f']) locate(`postgres://${part.repeat(8_192)}`, reached);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

it('[HST-10] the password of a URL is a secret of its own, in both of its forms', () => {
  expect(passwordsIn('postgres://me:p%40ss@db/shop')).toEqual(['p%40ss', 'p@ss']);
  expect(passwordsIn('postgres://me:100%@db/shop')).toEqual(['100%']);
  for (const value of ['postgres://me@db', 'ghp_token', 'https://db/x:y@z']) expect(passwordsIn(value)).toEqual([]);
});
