import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../domain/secret.ts';

/** A request to an S3-compatible store, to be signed. */
export interface S3Request {
  readonly method: 'PUT';
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Further fields, by names in lower case; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * AWS Signature Version 4 for S3, in the header, with the payload signed.
 * @returns every field to send but `host` and `content-length`
 */
export function signS3(request: S3Request): Record<string, string> {
  const { method, region, accessKeyId, secretAccessKey, body, at } = request;
  const { host, pathname, search } = new URL(request.url);
  const moment = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = moment.slice(0, 8);
  const digest = sha256(body);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': digest,
    'x-amz-date': moment,
  };
  const signed = Object.entries({ ...headers, host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    method,
    encodePath(pathname),
    search.slice(1),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    names,
    digest,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', moment, scope, sha256(canonical)].join('\n');
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey.reveal()}`, day));
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** Each segment encoded once, with everything but the unreserved characters of RFC 3986. */
const encodePath = (pathname: string): string =>
  pathname
    .split('/')
    .map((segment) =>
      encodeURIComponent(decodeURIComponent(segment)).replace(
        /[!'()*]/g,
        (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
