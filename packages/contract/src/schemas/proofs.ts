import { z } from 'zod';
import { credentialHeaders, headerValue } from './credentials.ts';
import { id, name, storeUrl, targetUrl, time } from './common.ts';

const day = z.iso.date().describe('A day (UTC), YYYY-MM-DD.');
const base64 = z.string().describe('Base64 (RFC 4648, section 4).');

export const callId = z.string().regex(/^[\w-]{1,64}$/, 'must be the id of a call');

export const bundleQuery = z.strictObject({
  from: day.optional().describe('The first day (UTC) whose records are in it. Default: the first there is.'),
  to: day.optional().describe('The day (UTC) before which it ends. Default: the last there is.'),
  since: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Show that the log grew from the checkpoint of this many records, whatever of its records is in it.'),
});

export const proofQuery = z.strictObject({
  size: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Lead to the checkpoint of this many records, to compare with one that was published. Default: the last.',
    ),
});

export const proofKey = z.object({
  publicKey: base64.describe('The 32 bytes of an Ed25519 public key, in base64.'),
  since: time,
  previous: base64.nullable().describe('The key before; null for the first.'),
  signedByPrevious: base64.nullable().describe('Signature of the rotation by the key before; null where it was lost.'),
  signedByThis: base64.describe('The same by this key.'),
});

export const proofKeyList = z.object({
  node: z.string().describe('The node whose keys these are.'),
  items: z.array(proofKey).describe('Oldest first.'),
});

export const keyRotation = z.strictObject({
  lost: z.boolean().default(false).describe('The key before is gone: nobody vouches for the new one.'),
});

export const callProof = z.object({
  proof: z.literal('mcpnest-inclusion/1'),
  node: z.string(),
  callId: z.string(),
  records: z.array(
    z.object({
      leaf: z.int().describe('Its place in the log, from 0.'),
      line: z.string().describe('The record as the journal wrote it.'),
      path: z.array(base64).describe('Inclusion proof of RFC 9162, section 2.1.3, from the leaf upwards.'),
    }),
  ),
  checkpoint: z.string().describe('C2SP tlog-checkpoint, signed.'),
  keys: z.array(proofKey),
});

/** Where checkpoints go: a folder, a web hook, or a store that speaks S3. */
export const targetCreate = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('folder'),
    name,
    path: z
      .string()
      .max(1_000)
      .regex(/^\/[^\u0000-\u001f]*$/, 'must be an absolute path')
      .describe('A folder of this machine, such as a mounted share; a file for each checkpoint, never overwritten.'),
  }),
  z.strictObject({
    kind: z.literal('https'),
    name,
    url: targetUrl.describe('http: only where the address was opened.'),
    method: z.enum(['POST', 'PUT']).default('POST'),
    headers: credentialHeaders.optional(),
  }),
  z.strictObject({
    kind: z.literal('s3'),
    name,
    url: storeUrl.describe('Endpoint and bucket: https://host/bucket'),
    prefix: z
      .string()
      .max(200)
      .regex(/^[\w./-]*$/, 'must be letters, digits, _ . / and -')
      // The parser of URLs would take it for the way out of the bucket.
      .refine((text) => !/(?:^|\/)\.{1,2}(?:\/|$)/.test(text), 'must not have . or .. for a folder')
      .default(''),
    region: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the name of a region'),
    accessKeyId: z.string().regex(/^[\w]{1,128}$/, 'must be an access key id'),
    secretAccessKey: headerValue.describe('Write-only.'),
    lock: z
      .strictObject({ mode: z.enum(['COMPLIANCE', 'GOVERNANCE']), days: z.int().min(1).max(36_500) })
      .nullable()
      .default(null)
      .describe('Object lock: how, and for how many days.'),
  }),
]);
export type TargetCreate = z.output<typeof targetCreate>;

export const checkpointTarget = z.object({
  id,
  name: z.string(),
  kind: z.enum(['folder', 'https', 's3']),
  location: z.string().describe('The folder or URL.'),
  createdBy: z.string(),
  createdAt: time,
  lastSuccessAt: time.nullable(),
  lastError: z.string().nullable().describe('Why the last attempt failed; null when it did not.'),
  failingSince: time.nullable(),
});
export type CheckpointTarget = z.output<typeof checkpointTarget>;

export const checkpointTargetList = z.object({ items: z.array(checkpointTarget) });

export const targetTest = z.object({
  ok: z.boolean(),
  error: z.string().nullable().describe('Why it failed, and what to do.'),
});

/** How the records of one workspace are sealed, for its administrators. */
export const sealStatus = z.object({
  node: z.string(),
  key: z.string().nullable().describe('The public key that signs now, in base64.'),
  sealing: z
    .object({ ok: z.boolean() })
    .nullable()
    .describe('Whether records come into their logs; null where no server runs in this process.'),
  log: z
    .object({
      origin: z.string(),
      records: z.int().describe('Under the last checkpoint.'),
      purged: z.int(),
      signedAt: time,
      verifierKey: z.string().nullable().describe('The key that signs now, as tools for signed notes want it.'),
    })
    .nullable()
    .describe('Null before the first checkpoint.'),
  published: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(['folder', 'https', 's3']),
        lastSuccessAt: time.nullable(),
        failing: z.boolean(),
      }),
    )
    .describe('Where checkpoints go besides.'),
  running: z
    .object({ startedAt: time, checked: z.int(), of: z.int() })
    .nullable()
    .describe('The check that is under way, in records.'),
  lastCheck: z
    .object({
      startedAt: time,
      finishedAt: time,
      requestedBy: z.string().describe('An email address where it is known.'),
      records: z.int(),
      ok: z.boolean(),
      reason: z.string().nullable().describe('What was found wrong.'),
    })
    .nullable()
    .describe('The last one that ended on this node.'),
});
export type SealStatus = z.output<typeof sealStatus>;

export const auditStatus = z.object({
  node: z.string(),
  sealing: z
    .object({ ok: z.boolean(), reason: z.string().nullable(), damage: z.string().nullable() })
    .nullable()
    .describe('How records come into their logs; null where no server runs in this process.'),
  key: z.string().nullable().describe('The public key that signs now, in base64.'),
  logs: z.array(
    z.object({
      log: z.string().describe('Id of a workspace, or instance.'),
      origin: z.string(),
      records: z.int().describe('Under the last checkpoint.'),
      purged: z.int(),
      signedAt: time,
      verifierKey: z.string().nullable().describe('The key that signs now, as tools for signed notes want it.'),
    }),
  ),
  targets: z.array(checkpointTarget),
});
