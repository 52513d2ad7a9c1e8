import type { SinkBody } from './sinks-api.ts';

export const sinkKinds = ['http', 'otlp', 'syslog', 's3'] as const;
export type SinkKind = (typeof sinkKinds)[number];

/** Formats each kind can write; the first is the usual one. */
export const formatsOf = {
  http: ['jsonl', 'ocsf', 'otlp'],
  otlp: [],
  syslog: ['cef', 'jsonl', 'ocsf'],
  s3: ['jsonl', 'ocsf'],
} as const;

/** What is typed into the form of a new sink; a kind uses the part of it that is its own. */
export interface SinkDraft {
  readonly kind: SinkKind;
  readonly name: string;
  readonly include: 'all' | 'calls' | 'events';
  readonly from: 'now' | 'beginning';
  readonly format: string;
  readonly url: string;
  readonly authorization: string;
  readonly target: string;
  readonly tls: boolean;
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const newSink: SinkDraft = {
  kind: 'http',
  name: '',
  include: 'all',
  from: 'now',
  format: 'jsonl',
  url: '',
  authorization: '',
  target: '',
  tls: true,
  endpoint: '',
  region: 'us-east-1',
  bucket: '',
  prefix: '',
  accessKeyId: '',
  secretAccessKey: '',
};

/** What of a draft is sent: the fields of its kind. */
export function sinkBodyOf(draft: SinkDraft): SinkBody {
  const { name, include, from, url } = draft;
  const common = { name, include, from };
  const headers = draft.authorization === '' ? {} : { headers: { authorization: draft.authorization } };
  switch (draft.kind) {
    case 'http':
      return { kind: 'http', ...common, url, format: pick(formatsOf.http, draft.format), ...headers };
    case 'otlp':
      return { kind: 'otlp', ...common, url, ...headers };
    case 'syslog':
      return {
        ...{ kind: 'syslog', ...common, target: draft.target, tls: draft.tls },
        format: pick(formatsOf.syslog, draft.format),
      };
    case 's3': {
      const { endpoint, region, bucket, prefix, accessKeyId, secretAccessKey } = draft;
      return {
        ...{ kind: 's3', ...common, endpoint, region, bucket, prefix, accessKeyId, secretAccessKey },
        format: pick(formatsOf.s3, draft.format),
      };
    }
  }
}

const pick = <const F extends readonly [string, ...string[]]>(formats: F, wanted: string): F[number] =>
  formats.find((format) => format === wanted) ?? formats[0];
