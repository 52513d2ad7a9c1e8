import { z } from 'zod';
import { credentialHeaders } from './credentials.ts';
import { id, slug, time } from './common.ts';
import { splitTarget } from './network.ts';

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .max(2_000)
  .refine((text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''), {
    error: 'must not have a user in it; use a header',
  })
  .refine((text) => !text.includes('#'), 'must not have a fragment')
  .describe('https, or http where an owner has opened that host:port.');

const common = {
  name: slug.describe('Names it in lists and commands.'),
  include: z.enum(['all', 'calls', 'events']).default('all').describe('Calls, changes that people made, or both.'),
  from: z
    .enum(['now', 'beginning'])
    .default('now')
    .describe('Only what comes from now on, or everything that is kept.'),
};

const headers = credentialHeaders.optional();

const http = z.strictObject({
  kind: z.literal('http').describe('Batches by POST, signed in the form of Standard Webhooks.'),
  ...common,
  url,
  format: z.enum(['jsonl', 'ocsf', 'otlp']).default('jsonl'),
  headers,
});

const otlp = z.strictObject({
  kind: z.literal('otlp').describe('OpenTelemetry logs over OTLP/HTTP, as JSON.'),
  ...common,
  url: url.describe('With its path, as a rule /v1/logs.'),
  headers,
});

const syslog = z.strictObject({
  kind: z.literal('syslog').describe('RFC 5424 over TCP with octet counting (RFC 6587), with TLS or without.'),
  ...common,
  target: z
    .string()
    .trim()
    .toLowerCase()
    .max(260)
    .refine((text) => splitTarget(text) !== undefined, 'must be host:port, e.g. logs.example.com:6514')
    .describe('host:port.'),
  tls: z.boolean().default(true).describe('Without it only where an owner has opened that host:port.'),
  format: z.enum(['cef', 'jsonl', 'ocsf']).default('cef').describe('Of the text of each message.'),
  facility: z.int().min(0).max(23).default(13).describe('13 is "log audit".'),
});

const s3 = z.strictObject({
  kind: z.literal('s3').describe('Compressed objects in an S3-compatible store, signed with AWS Signature Version 4.'),
  ...common,
  endpoint: url.describe('Of the store, without the bucket.'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('us-east-1'),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  prefix: z
    .string()
    .max(200)
    .regex(/^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/, 'must be folders that each end with a slash')
    .default('')
    .describe('Folders in front of every name, e.g. mcpnest/acme/.'),
  format: z.enum(['jsonl', 'ocsf']).default('jsonl'),
  accessKeyId: z.string().regex(/^[\w-]{4,128}$/),
  secretAccessKey: z
    .string()
    .min(8)
    .max(256)
    .regex(/^[\x21-\x7e]+$/)
    .describe('Write-only.'),
  everySeconds: z
    .int()
    .min(10)
    .max(86_400)
    .default(300)
    .describe('The longest a record waits for an object to be written; a full one is written at once.'),
});

export const sinkCreate = z.discriminatedUnion('kind', [http, otlp, syslog, s3]);
export type SinkCreate = z.output<typeof sinkCreate>;

export const sink = z.object({
  id,
  name: z.string(),
  kind: z.enum(['http', 'otlp', 'syslog', 's3']),
  include: z.enum(['all', 'calls', 'events']),
  config: z.record(z.string(), z.unknown()).describe('Where and how, without secrets; of headers the names.'),
  pausedSince: time.nullable(),
  cursor: z.string().describe('How far it is, as an export takes it for `after`.'),
  lag: z.object({
    rows: z.int().describe('Records it has not taken.'),
    more: z.boolean().describe('There are more than were counted.'),
    seconds: z.int().describe('The age of the oldest of them.'),
  }),
  delivered: z.int().describe('Records it has taken so far.'),
  missed: z.int().describe('Records that retention deleted before they were taken.'),
  failures: z.int().describe('In a row.'),
  lastSuccessAt: time.nullable(),
  lastErrorAt: time.nullable(),
  lastError: z
    .string()
    .nullable()
    .describe('http_{status}, timeout, connection, certificate, name_unknown, address_not_open or secret_unusable.'),
  nextAttemptAt: time.nullable(),
  sentBy: z.string().nullable().describe('The node that sends for it now.'),
  createdBy: z.string(),
  createdAt: time,
});
export type Sink = z.output<typeof sink>;

export const sinkList = z.object({ items: z.array(sink) });

export const sinkCreated = z.object({
  sink,
  secret: z
    .string()
    .nullable()
    .describe('Of an http sink what its signatures are checked with (whsec_…); shown once and never again.'),
});

export const sinkTested = z.object({
  ok: z.boolean(),
  error: z.string().nullable().describe('As in `lastError`.'),
});
