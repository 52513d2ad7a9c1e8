import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../../domain/errors.ts';
import { isoTime, type Clock } from '../clock.ts';
import type { Deliver } from '../deliver.ts';
import { signS3 } from '../sigv4.ts';
import { readCheckpoint } from './note.ts';
import type { Target } from './target.ts';

/** Why a checkpoint could not be published, in words for whoever set the target up. */
export class NotPublished extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Publish one checkpoint. Doing it again does no harm. @throws NotPublished */
export type SendCheckpoint = (target: Target, note: string) => Promise<void>;

const timeoutMs = 20_000;
const dayMs = 86_400_000;

/** What a checkpoint's file is called: its origin and size, so that names sort and none is used twice. */
export function checkpointName(note: string): string {
  const { origin, size } = readCheckpoint(note)!;
  return `${origin.replaceAll('/', '_')}-${String(size).padStart(15, '0')}.txt`;
}

export function createSendCheckpoint({ deliver, clock }: { deliver: Deliver; clock: Clock }): SendCheckpoint {
  async function put(
    method: 'POST' | 'PUT',
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
  ): Promise<void> {
    let answer;
    try {
      answer = await deliver({ method, url, headers, body, timeoutMs });
    } catch (error) {
      // Only our own words are fit to be shown; those of a connection may hold addresses.
      if (error instanceof AppError) throw new NotPublished(error.message);
      throw new NotPublished('It cannot be reached, or did not answer in time.');
    }
    const { status, retryAfterMs } = answer;
    if (status < 200 || status > 299) throw new NotPublished(`It answered with HTTP ${status}.`, retryAfterMs);
  }

  return async (target, note) => {
    const body = Buffer.from(note);
    const name = checkpointName(note);
    if (target.kind === 'folder') return putFile(target.path, name, note);
    const type = { 'content-type': 'text/plain; charset=utf-8' };
    if (target.kind === 'https') {
      const headers = Object.entries(target.headers).map(([field, value]) => [field.toLowerCase(), value.reveal()]);
      return put(target.method, target.url, { ...type, ...Object.fromEntries(headers) }, body);
    }
    const { region, accessKeyId, secretAccessKey, lock } = target;
    const url = `${target.url.replace(/\/+$/, '')}/${target.prefix}${name}`;
    const until = lock === null ? '' : isoTime(clock.now() + lock.days * dayMs);
    const locked: Record<string, string> =
      lock === null ? {} : { 'x-amz-object-lock-mode': lock.mode, 'x-amz-object-lock-retain-until-date': until };
    // S3 wants a digest of what is to be locked.
    const digest = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const headers = { ...type, ...locked, ...digest };
    const request = {
      method: 'PUT',
      url,
      region,
      accessKeyId,
      secretAccessKey,
      headers,
      body,
      at: clock.now(),
    } as const;
    return put('PUT', url, signS3(request), body);
  };
}

function putFile(folder: string, name: string, note: string): void {
  const path = join(folder, name);
  try {
    if (existsSync(path)) {
      // With another key's signature it says the same: one that was replaced has signed it.
      if (isDeepStrictEqual(readCheckpoint(readFileSync(path, 'utf8')), readCheckpoint(note))) return;
      throw new NotPublished(`${name} is there already and says something else. Nothing was overwritten.`);
    }
    const draft = join(folder, `.${name}.${randomBytes(4).toString('hex')}`);
    writeFileSync(draft, note, { flag: 'wx', flush: true });
    renameSync(draft, path);
  } catch (error) {
    if (error instanceof NotPublished) throw error;
    throw new NotPublished(
      `The folder cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
    );
  }
}
