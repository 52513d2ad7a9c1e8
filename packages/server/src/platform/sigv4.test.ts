import { expect, it } from 'vitest';
import { Secret } from '../domain/secret.ts';
import { signS3 } from './sigv4.ts';

const example = {
  method: 'PUT',
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
  at: Date.UTC(2013, 4, 24),
} as const;

it('signs the example of the S3 documentation as it does', () => {
  const signed = signS3({
    ...example,
    url: 'https://examplebucket.s3.amazonaws.com/test$file.text',
    headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
    body: Buffer.from('Welcome to Amazon S3.'),
  });
  expect(signed['x-amz-content-sha256']).toBe('44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072');
  expect(signed['authorization']).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
      'SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, ' +
      'Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  );
});

it('another body, key or path has another signature', () => {
  const url = 'https://store.example.com/bucket/a/b.gz';
  const base = { ...example, url, headers: {}, body: Buffer.from('x') };
  const signatures = [
    base,
    { ...base, body: Buffer.from('y') },
    { ...base, url: `${url}2` },
    { ...base, region: 'eu-west-1' },
    { ...base, secretAccessKey: new Secret('another') },
  ].map((request) => signS3(request)['authorization']!.split('Signature=')[1]);
  expect(new Set(signatures).size).toBe(5);
});
