import { z } from 'zod';

/** The forms of what leaves the server to be checked elsewhere. Strict: what is not signed or needed is not there. */

const whole = z.int().min(0);
/** What is shown has no room for what a terminal would obey. */
const node = z.string().regex(/^[\w.-]{1,64}$/);

/** Bytes in base64 (RFC 4648, section 4) in the one way they are written. */
const base64 = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'must be base64 as it is written')
  .transform((text) => Buffer.from(text, 'base64'));
const hash = base64.refine((bytes) => bytes.length === 32, 'must be 32 bytes');
/** Journal lines are ASCII; of any other character only a part would come into the hash. */
const ascii = /^[ -~]*$/;
const text64 = z.string().refine((text) => Buffer.from(text, 'base64').toString('base64') === text);

/** A key, since when it signs, and for every key but the first who says so. */
export const keyRecord = z.strictObject({
  /** 32 bytes of an Ed25519 public key, in base64. */
  publicKey: text64,
  /** ISO 8601. */
  since: z.string().regex(/^[\d:.TZ-]{1,40}$/),
  /** The key before; null for the first. */
  previous: text64.nullable(),
  /** Signatures of `rotationText` by the key before (null where it was lost) and by this one, in base64. */
  signedByPrevious: text64.nullable(),
  signedByThis: text64,
});
export type KeyRecord = z.output<typeof keyRecord>;

export const bundleFormat = 'mcpnest-bundle/1';

/** The first line of a bundle. */
export const bundleHead = z.strictObject({
  bundle: z.literal(bundleFormat),
  node,
  /** Every key of the node, oldest first; each rotation is signed by both keys. */
  keys: z.array(keyRecord).max(10_000),
});
export type BundleHead = z.input<typeof bundleHead>;

/** Begins a log. */
export const logFrame = z.strictObject({
  log: z.strictObject({ origin: z.string().regex(/^[\w./-]{1,200}$/), from: whole, to: whole, size: whole }),
  /** The signed note. */
  checkpoint: z.string(),
});

/** Stands for the leaves whose records are not in the bundle. */
export const subtreesFrame = z.strictObject({
  subtrees: z.strictObject({
    from: whole,
    to: whole,
    /** `outside` the asked range, or `purged`; a record of the log says so then. */
    why: z.enum(['outside', 'purged']),
    /** The fewest full subtrees, left to right. */
    hashes: z.array(hash),
  }),
});

/** Follows the records of a tile, to tell which of them is not what it was. */
export const leavesFrame = z.strictObject({
  /** Leaf hashes one after the other. */
  leaves: z.strictObject({ from: whole, hashes: base64 }),
});

/** Follows the beginning of a log: it grew from an earlier checkpoint, whatever of its records is in the bundle. */
export const consistencyFrame = z.strictObject({
  /** Consistency proof of RFC 9162, 2.1.4, from the tree of `older` leaves. */
  consistency: z.strictObject({ older: whole.min(1), hashes: z.array(hash).max(128) }),
});

/** The last line. */
export const endFrame = z.strictObject({ end: z.strictObject({ logs: whole, records: whole }) });

/** What may stand after the first line, records aside. */
export const bundleFrame = z.union([leavesFrame, subtreesFrame, logFrame, consistencyFrame, endFrame]);
export type BundleFrame = z.output<typeof bundleFrame>;
export type FrameText = z.input<typeof bundleFrame>;

export const inclusionFormat = 'mcpnest-inclusion/1';

/** The records of one call, and the way from each to a signed root. */
export const inclusion = z.strictObject({
  proof: z.literal(inclusionFormat),
  node,
  callId: z.string().regex(/^[\w-]{1,64}$/),
  records: z
    .array(
      z.strictObject({
        leaf: whole,
        /** As the journal wrote it. */
        line: z.string().regex(ascii),
        /** Inclusion proof of RFC 9162, 2.1.3, from the leaf upwards. */
        path: z.array(hash).max(64),
      }),
    )
    .min(1)
    .max(2),
  /** The signed note. */
  checkpoint: z.string(),
  keys: z.array(keyRecord).max(10_000),
});
export type Inclusion = z.output<typeof inclusion>;
export type InclusionText = z.input<typeof inclusion>;
