import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import type { BadRecord, CheckedLog } from '../../platform/proof/log-check.ts';
import { publicKeyOf, type Trust, type TrustGiven } from '../../platform/proof/trust.ts';
import type { RowsReport } from '../../platform/row-check/row-check.ts';
import { verifyBundle } from '../../platform/proof/verify-bundle.ts';
import { verifyInclusionText } from '../../platform/proof/verify-inclusion.ts';
import { collect } from '../choose.ts';
import { exit, UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { fields, print } from '../output.ts';
import type { Shell } from '../program.ts';

interface Report {
  /** Things worth saying of what was found good. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly firstBad: BadRecord | undefined;
  /** All there is to say, for `--json`. */
  readonly all: object;
}

interface Options {
  readonly checkpoint?: string[];
  readonly key?: string[];
  readonly rows?: true;
  readonly json?: true;
}

/** `mcpnest audit verify`: offline, with nothing but the file and what is given. */
export function verifyCommand(audit: Command, { io, exitWith }: Shell): void {
  audit
    .command('verify [file]')
    .description('check a bundle or a proof offline; without a file the journal and logs of the data folder')
    .option('--checkpoint <file>', 'a checkpoint from elsewhere that must still hold; may be repeated', collect)
    .option('--key <key>', 'a public key you hold, or a file with one; may be repeated', collect)
    .option('--rows', 'compare the rows of the database with the logs as well')
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, options: Options) => {
      const given = readGiven(options);
      if (file !== undefined && options.rows === true)
        throw new UsageError('--rows compares the database of a data folder; a file has none.');
      const report = file === undefined ? await ofFolder(io, given, options.rows === true) : ofFile(file, given);
      const { firstBad } = report;
      print(io, options.json, { ok: firstBad === undefined, ...report.all }, () =>
        fields({
          ...report.said,
          ...(firstBad === undefined ? { result: 'good' } : { result: 'BAD', ...shown(firstBad) }),
        }),
      );
      if (firstBad !== undefined) exitWith(exit.failed);
    });
}

const shown = ({ log, leaf, epoch, seq, reason }: BadRecord): Record<string, unknown> => ({
  ...(log === '' ? {} : { log }),
  ...(leaf === undefined ? {} : { leaf }),
  ...(seq === undefined ? {} : { record: `${epoch ?? '?'}/${seq}` }),
  reason,
});

function readGiven(options: { checkpoint?: string[]; key?: string[] }): TrustGiven {
  return {
    checkpoints: (options.checkpoint ?? []).map((path) => readText(path)),
    keys: (options.key ?? []).map((text) => {
      try {
        return publicKeyOf(existsSync(text) ? readText(text) : text);
      } catch {
        throw new UsageError(`'${text}' is neither a public key nor a file with one. See: mcpnest audit key list`);
      }
    }),
  };
}

/** A proof, a checkpoint or a key: all of them are small. */
const longestText = 16 * 1024 * 1024;

function readText(path: string): string {
  const bytes = firstBytes(path, longestText + 1);
  if (bytes.length > longestText) throw new UsageError(`${path} is too long to be a proof, a checkpoint or a key.`);
  return bytes.toString('utf8');
}

function ofFile(path: string, given: TrustGiven): Report {
  if (firstBytes(path, 64).includes('"mcpnest-bundle/')) {
    const { keys, logs, firstBad, node } = verifyBundle(path, given);
    const records = logs.reduce((sum, log) => sum + log.records, 0);
    const purged = logs.reduce((sum, log) => sum + log.purged, 0);
    return {
      said: { node, logs: logs.map(rangeOf).join('; '), records, purged, keys: wordsOf(keys) },
      firstBad,
      all: { node, keys, logs, firstBad },
    };
  }
  const report = verifyInclusionText(readText(path), given);
  const { node, callId, keys, size, records, firstBad } = report;
  const where = records.map(({ kind, leaf }) => `${kind} at leaf ${leaf}`).join(', ');
  return {
    said: { node, call: callId, records: where, checkpoint: size, keys: wordsOf(keys) },
    firstBad,
    all: report,
  };
}

/** Which part of which log it is: what is left out shows. */
const rangeOf = ({ origin, from, to, size }: CheckedLog): string =>
  from === 0 && to === size ? `${origin}, all ${size}` : `${origin}, ${from} to ${to} of ${size}`;

function wordsOf({ pinned, publicKeys, unvouched }: Trust): string {
  if (pinned) return 'one you gave';
  const lost =
    unvouched.length === 0
      ? ''
      : ` (nobody vouches for the one since ${unvouched.join(', ')}: the key before was lost)`;
  return `NOT CHECKED: those of the file itself${lost}. Compare with: mcpnest audit key list. They are ${publicKeys.join(' ')}`;
}

function firstBytes(path: string, most: number): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const bytes = Buffer.alloc(Math.min(most, fstatSync(fd).size));
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function ofFolder(io: Io, given: TrustGiven, withRows: boolean): Promise<Report> {
  if (given.checkpoints.length > 0 || given.keys.length > 0)
    throw new UsageError('--checkpoint and --key go with a bundle or a proof. Make one with: mcpnest audit bundle');
  const { config, secrets } = loadConfig(io.environment);
  const { verifyRecords, verifyRows } = await import('../../build.ts');
  const { nodeId, journal, logs } = verifyRecords(config, secrets);
  const damage = journal.firstBad;
  const ofJournal: BadRecord | undefined =
    damage === undefined
      ? undefined
      : { log: damage.segment, leaf: undefined, epoch: undefined, seq: damage.seq, reason: damage.reason };
  const firstBad = ofJournal ?? logs.firstBad;
  // Rows are held to the logs, so those come first.
  const rows = withRows && firstBad === undefined ? await verifyRows(config, secrets) : undefined;
  return {
    said: {
      node: nodeId,
      journal: `${journal.records} records in ${journal.segments} segments`,
      lost: journal.lost,
      logs: logs.logs.map((log) => `${log.origin} ${log.records}`).join(', '),
      ...(rows === undefined ? {} : { rows: wordsOfRows(rows) }),
    },
    firstBad: firstBad ?? badRow(rows),
    all: { node: nodeId, journal, ...logs, ...(rows === undefined ? {} : { rows }) },
  };
}

const wordsOfRows = ({ calls, events, expired, waiting, faults }: RowsReport): string =>
  `${calls} calls and ${events} events as recorded, ${expired} past their term, ${waiting} under way, ${faults} NOT as recorded`;

function badRow(rows: RowsReport | undefined): BadRecord | undefined {
  const first = rows?.shown[0];
  if (first === undefined) return undefined;
  const { log, epoch, seq, table, id, reason } = first;
  return { log, leaf: undefined, epoch, seq, reason: `${reason} (${table} ${id})` };
}
