import type { ConfigFormat } from '@mcpnest/contract/clients/adapter';
import { maskIn } from '@mcpnest/contract/clients/secrets';
import { systemClock } from '../../platform/clock.ts';
import { confirm } from '../choose.ts';
import type { Io } from '../io.ts';
import { plainLines } from '../output.ts';
import { readConfigFile, replaceConfigFile } from './config-file.ts';
import { editConfig, type Edit } from './edit.ts';
import { textDiff } from './text-diff.ts';

/** A change of a client's configuration that is about to be shown. */
export interface ConfigChange extends Edit {
  readonly file: string;
  readonly format: ConfigFormat;
  /** What must not be seen in the preview. */
  readonly secrets: readonly string[];
  /** Whether a token is in the file from now on. */
  readonly secret: boolean;
}

export interface ConfigChanged {
  readonly changed: boolean;
  /** Undefined: nothing was written. */
  readonly backup: string | undefined;
  /** What changes, with secrets masked. */
  readonly diff: string;
}

/**
 * Show what would change in a configuration, ask, and write it with a backup beside it.
 * @throws UsageError for a file that must not or cannot be changed, and without a yes
 */
export async function changeConfig(
  io: Io,
  change: ConfigChange,
  how: { readonly yes?: true | undefined; readonly dryRun?: true | undefined },
): Promise<ConfigChanged> {
  const before = await readConfigFile(change.file);
  const text = editConfig(before.text ?? '', change.format, change, change.file);
  const diff = maskIn(textDiff(before.text ?? '', text), change.secrets);
  const tooOpen = change.secret && (before.mode & 0o077) !== 0;
  if (text === before.text && !tooOpen) return { changed: false, backup: undefined, diff: '' };
  io.err(`${before.text === undefined ? 'New file' : 'Change of'} ${change.file}\n${plainLines(diff)}`);
  if (how.dryRun === true) return { changed: false, backup: undefined, diff };
  await confirm(io, how.yes, `Write ${change.file}?`);
  const backup = await replaceConfigFile(before, text, { secret: change.secret, now: systemClock.now() });
  return { changed: true, backup, diff };
}
