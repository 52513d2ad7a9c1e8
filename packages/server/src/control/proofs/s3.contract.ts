import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a strict store took. */
export interface Stored {
  readonly path: string;
  readonly body: string;
  readonly lock: string | undefined;
  readonly until: string | undefined;
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * A store on loopback that takes an object only when AWS Signature Version 4 (computed here a second time, from the
 * headers as they arrived), the digest of the payload and, with a lock, Content-MD5 are right.
 */
export async function startS3(secretAccessKey: string) {
  const stored: Stored[] = [];
  const refused: string[] = [];
  const server = createServer((req, res) => {
    void (async () => {
      const body = await buffer(req);
      const { headers } = req;
      const match =
        /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
          headers.authorization ?? '',
        );
      const refuse = (status: number, why: string): void => {
        refused.push(why);
        res.writeHead(status).end();
      };
      if (match === null) return refuse(400, 'no signature');
      const [, , day, region, names, signature] = match as unknown as string[];
      const lock = headers['x-amz-object-lock-mode'];
      for (const needed of [
        'host',
        'x-amz-content-sha256',
        'x-amz-date',
        ...(lock === undefined ? [] : ['x-amz-object-lock-mode']),
      ])
        if (!names!.split(';').includes(needed)) return refuse(403, `${needed} is not signed`);
      if (headers['x-amz-content-sha256'] !== sha256(body)) return refuse(400, 'another payload');
      if (lock !== undefined && headers['content-md5'] !== createHash('md5').update(body).digest('base64'))
        return refuse(400, 'no Content-MD5');
      const canonical = [
        req.method,
        req.url!.split('?')[0],
        '',
        ...names!.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
        '',
        names,
        sha256(body),
      ].join('\n');
      const scope = `${day}/${region}/s3/aws4_request`;
      const toSign = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${scope}\n${sha256(canonical)}`;
      const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day!), region!), 's3'), 'aws4_request');
      if (hmac(key, toSign).toString('hex') !== signature) return refuse(403, 'another signature');
      const until = headers['x-amz-object-lock-retain-until-date'];
      stored.push({ path: req.url!, body: body.toString(), lock: String(lock), until: String(until) });
      res.writeHead(200).end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ stored, refused, port, url: `http://127.0.0.1:${port}` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
