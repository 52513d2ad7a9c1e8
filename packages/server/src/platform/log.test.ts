import { expect, it } from 'vitest';
import { AppError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { mintToken } from '../domain/token.ts';
import { createLog, type LogLevel } from './log.ts';

function collect(level: LogLevel = 'info') {
  const lines: string[] = [];
  return { log: createLog(level, { write: (line) => void lines.push(line) }), lines };
}

it('writes one JSON object per line with a level and ISO time', () => {
  const { log, lines } = collect();
  log.info({ workspace: 'acme' }, 'hello\nworld');
  log.debug('not written');
  expect(lines).toHaveLength(1);
  const entry = JSON.parse(lines[0]!) as { time: string };
  expect(entry).toMatchObject({ level: 30, workspace: 'acme', msg: 'hello\nworld' });
  expect(new Date(entry.time).toISOString()).toBe(entry.time);
});

it.each(['mng_', 'mnk_', 'mni_'] as const)('[TOK-02] prints no %s secret, whatever the way it slipped in', (prefix) => {
  const { log, lines } = collect('trace');
  const token = mintToken(prefix);
  log.info({ authorization: token, headers: { cookie: token, 'set-cookie': token }, a: { b: { token } } });
  log.info({ value: new Secret(token), list: [new Secret(token)] }, String(new Secret(token)));
  log.error({ err: new Error(`bad token ${token}`, { cause: new AppError('internal', 'x', { detail: token }) }) });
  log.error(new Error(`connect postgres://user:${token}@host/db failed: postgres://ada:hunter2@db/x`));
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).not.toContain(token);
    expect(line).not.toContain('hunter2');
  }
});

it('writes code, detail, stack and causes of an error, and nothing else that hangs on it', () => {
  const { log, lines } = collect();
  const cause = Object.assign(new Error('duplicate'), { code: '23505', query: 'insert the whole row' });
  log.error({ err: new AppError('internal', 'It failed.', { detail: 'row 7', cause }) }, 'write failed');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    err: { type: 'AppError', code: 'internal', message: 'It failed.', detail: 'row 7', cause: { code: '23505' } },
  });
  expect(lines[0]).toContain('log.test.ts');
  expect(lines[0]).not.toContain('whole row');
});
