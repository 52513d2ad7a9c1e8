import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type {
  Manifest,
  ManifestChange,
  ManifestDetail,
  ManifestEvidence,
  ManifestPut,
  manifestDocument,
} from '@mcpnest/contract/schemas/manifests';
import { parse } from 'yaml';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { fields, shortTime, table } from '../output.ts';

/** A manifest from a file or standard input, as JSON or YAML; the server checks what is in it. @throws UsageError */
export async function readManifest(io: Io, file: string): Promise<z.input<typeof manifestDocument>> {
  const text = file === '-' ? await io.readInput() : readFileSync(file, 'utf8');
  const yaml = /\.ya?ml$/i.test(file);
  const name = file === '-' ? 'Standard input' : file;
  let read: unknown;
  try {
    read = yaml ? parse(text) : JSON.parse(text);
  } catch {
    throw new UsageError(`${name} is not ${yaml ? 'YAML' : 'JSON'}.`);
  }
  if (
    typeof read !== 'object' ||
    read === null ||
    Array.isArray(read) ||
    !('name' in read) ||
    typeof read.name !== 'string'
  )
    throw new UsageError(`${name} is no manifest: it has no name. The form: /api/v1/manifest.schema.json`);
  return read as z.input<typeof manifestDocument>;
}

/** Manifests as rows. */
export const manifestTable = (items: readonly Manifest[]): string =>
  table(items, {
    name: (row) => row.name,
    owner: (row) => row.owner,
    state: (row) => row.state,
    revision: (row) => row.revision,
    'in effect': (row) => row.activeRevision,
    author: (row) => row.author,
    since: (row) => shortTime(row.updatedAt),
  });

/** One manifest, and what there is to know about one that waits. */
export function detailText({ evidence, ...shown }: ManifestDetail): string {
  const { name, owner, state, revision, activeRevision, author, answer, document, serverUrl } = shown;
  const lines = fields({
    name,
    owner: `team:${owner}`,
    state,
    revision,
    'in effect': activeRevision ?? 'none yet',
    author,
    ...(answer === null ? {} : { answer }),
    upstream: document.upstream,
    url: serverUrl,
    'visible to': document.visibility.join(', '),
  });
  return evidence === null ? lines : `${lines}${evidenceText(evidence)}`;
}

const words = {
  created: 'The server is registered.',
  updated: 'The change is in effect.',
  unchanged: 'Nothing to change.',
  waiting: 'It waits for an administrator:',
};

const conditional = {
  created: 'It would register the server.',
  updated: 'It would take effect at once.',
  unchanged: 'Nothing would change.',
  waiting: 'It would wait for an administrator.',
};

/** What came of publishing. */
export function putText({ outcome, dryRun, evidence, manifest }: ManifestPut): string {
  if (dryRun) return `${changesText(evidence.changes)}${conditional[outcome]} Nothing was changed.\n`;
  if (outcome === 'waiting')
    return `${evidenceText(evidence)}${words.waiting} mcpnest manifest approve ${manifest?.name} --revision ${manifest?.revision}\n`;
  return `${changesText(evidence.changes)}${words[outcome]}\n${fields({ url: manifest?.serverUrl })}`;
}

function evidenceText({ changes, address, obstacles, loosens, approvals, viewers }: ManifestEvidence): string {
  const facts = fields({
    address: address.message,
    approvals: approvals.join(', ') || 'none',
    ...(viewers === null ? {} : { 'who would see it': viewers.join(', ') || 'nobody' }),
  });
  const stops = obstacles.map(({ path, message }) => fields({ [`not yet, ${path}`]: message }));
  const takes = loosens.map(({ path, message }) => fields({ [`for an administrator, ${path}`]: message }));
  return `${facts}${stops.join('')}${takes.join('')}${changesText(changes)}`;
}

/** Changes, one in each line; what came from elsewhere cannot move the cursor. */
export const changesText = (changes: readonly ManifestChange[]): string =>
  changes
    .map(({ path, before, after }) => {
      if (before === null) return fields({ [`+ ${path}`]: after });
      return after === null
        ? fields({ [`- ${path}`]: before })
        : fields({ [`~ ${path}`]: `${shown(before)} -> ${shown(after)}` });
    })
    .join('');

const shown = (value: ManifestChange['after']): string => (Array.isArray(value) ? value.join(', ') : String(value));
