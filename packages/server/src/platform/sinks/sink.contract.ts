import { createHmac, createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** What a receiver is to answer to its next requests; 200 once there are none left. */
export type Answers = { status: number; retryAfter?: string }[];

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A receiver of HTTP that remembers what it took. */
export async function httpReceiver(answers: Answers = [], check: (got: Received) => boolean = () => true) {
  const taken: Received[] = [];
  const refused: Received[] = [];
  const server = createHttp((req, res) => {
    void buffer(req).then((body) => {
      const got = { method: req.method!, path: req.url!, headers: req.headers, body };
      const answer = answers.shift() ?? { status: check(got) ? 200 : 403 };
      (answer.status < 300 ? taken : refused).push(got);
      res.writeHead(answer.status, answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const end = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { taken, refused, port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}

/** Messages of a syslog stream, read by their counted octets (RFC 6587). @throws Error where the count is wrong */
export function unframe(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(' ', at);
    const count = Number(bytes.toString('latin1', at, space));
    if (!Number.isInteger(count) || count <= 0) throw new Error(`no count at ${at}`);
    messages.push(bytes.toString('utf8', space + 1, space + 1 + count));
    at = space + 1 + count;
  }
  return messages;
}

/** A syslog receiver over TCP. */
export async function syslogReceiver() {
  const messages: string[] = [];
  const server = createTcp((socket) => void buffer(socket).then((bytes) => messages.push(...unframe(bytes))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const end = async () => {
    server.close();
    await once(server, 'close');
  };
  return { messages, port, [Symbol.asyncDispose]: end };
}

/** Whether a request carries the signature of Standard Webhooks, worked out anew. */
export function isSigned(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body.toString()}`;
  const expected = Buffer.from(createHmac('sha256', key).update(text).digest('base64'));
  const sent = Buffer.from(String(headers['webhook-signature']).replace('v1,', ''));
  return sent.length === expected.length && timingSafeEqual(sent, expected);
}

/** A store that works each signature (AWS Signature Version 4) out anew from what it got, and keeps objects by key. */
export async function objectStore(accessKeyId: string, secretAccessKey: string) {
  const objects = new Map<string, Buffer>();
  const store = await httpReceiver([], (got) => {
    const ok = got.method === 'PUT' && s3Signature(got, accessKeyId, secretAccessKey);
    if (ok) objects.set(got.path, gunzipSync(got.body));
    return ok;
  });
  return { ...store, objects };
}

function s3Signature({ method, path, headers, body }: Received, accessKeyId: string, secret: string): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (found === null || found[1] !== accessKeyId) return false;
  const [, , day, region, names, signature] = found as unknown as [string, string, string, string, string, string];
  const sha = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  const digest = sha(body);
  const signed = names.split(';');
  if (headers['x-amz-content-sha256'] !== digest || !['host', 'x-amz-date'].every((name) => signed.includes(name)))
    return false;
  const fields = signed.map((name) => `${name}:${String(headers[name])}\n`).join('');
  const canonical = `${method}\n${path}\n\n${fields}\n${names}\n${digest}`;
  const text = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${day}/${region}/s3/aws4_request\n${sha(canonical)}`;
  let key: string | Buffer = `AWS4${secret}`;
  for (const part of [day, region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(text).digest('hex') === signature;
}
