import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AppError, unavailable } from '../../../domain/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { WorkloadSpec } from '../runtime.ts';
import { image as imageAnswer } from './answers.ts';
import type { Engine } from './engine.ts';
import { splitLines } from './frames.ts';

export type ImageName = WorkloadSpec['image'];

/** A pull that says nothing for so long has ended. */
const silenceMs = 60_000;
const progressEveryBytes = 64 * 1024;

export interface Images {
  /** @throws AppError `unavailable` naming image and reason */
  ensure(image: ImageName, signal?: AbortSignal): Promise<'present' | 'pulled'>;
  /** Id of the image with this digest. @throws AppError `unavailable`: it is not there, or makes volumes */
  idOf(image: ImageName, signal?: AbortSignal): Promise<string>;
  /** Id of what the engine has under this name and tag. @throws AppError `unavailable` that says how it gets there */
  localIdOf(name: string, signal?: AbortSignal): Promise<string>;
}

export function createImages(engine: Engine, log: Log): Images {
  const inspect = async (reference: string, signal?: AbortSignal) => {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    const answer = await engine.call({ method: 'GET', path, accept: [404], signal });
    return answer.status === 200 ? imageAnswer.parse(answer.body) : undefined;
  };

  /** By the digest a registry gave it or, of one that came from no registry, by its id. */
  const find = async ({ name, digest }: ImageName, signal?: AbortSignal) => {
    for (const reference of [`${name}@${digest}`, digest]) {
      const found = await inspect(reference, signal);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return {
    async ensure(image, signal) {
      if (!/^sha256:[0-9a-f]{64}$/.test(image.digest)) throw failed(image, 'its digest is malformed');
      if ((await find(image, signal)) !== undefined) return 'present';
      log.info({ image: image.name, digest: image.digest }, 'pulling an image');
      await pull(engine, image, log, signal);
      if ((await find(image, signal)) === undefined) throw failed(image, 'what came has another digest');
      return 'pulled';
    },
    async idOf(image, signal) {
      const found = await find(image, signal);
      if (found === undefined) throw failed(image, 'it is not on the engine');
      // A volume would be a folder of the host, outside every limit.
      if (Object.keys(found.Config?.Volumes ?? {}).length > 0) throw failed(image, 'it declares volumes');
      return found.Id;
    },
    async localIdOf(name, signal) {
      const found = await inspect(name, signal);
      if (found !== undefined) return found.Id;
      throw unavailable(
        `The engine has no image ${name}, which gates run in: mcpnest image build <entry> puts it there.`,
      );
    },
  };
}

const progress = z.object({ status: z.string().optional(), error: z.string().optional() });

async function pull(engine: Engine, image: ImageName, log: Log, signal: AbortSignal | undefined): Promise<void> {
  const query = { fromImage: image.name, tag: image.digest };
  let answer: IncomingMessage;
  try {
    answer = await engine.stream({ method: 'POST', path: '/images/create', query, signal });
  } catch (error) {
    throw error instanceof AppError && error.detail !== undefined
      ? failed(image, why(error.detail), error.detail)
      : error;
  }
  answer.setTimeout(silenceMs, () => answer.destroy(failed(image, 'the registry has stopped answering')));
  let bytes = 0;
  let told = 0;
  for await (const line of splitLines(answer)) {
    bytes += line.length;
    const { status, error } = progress.parse(JSON.parse(line));
    if (error !== undefined) throw failed(image, why(error), error.slice(0, 1000));
    if (bytes - told < progressEveryBytes) continue;
    told = bytes;
    log.info({ image: image.name, status }, 'still pulling an image');
  }
}

/** The words of registries are for the log; these are for people. */
function why(message: string): string {
  if (/not found|unknown|does not exist/i.test(message)) return 'the registry does not have it';
  if (/denied|unauthorized|forbidden/i.test(message)) return 'the registry asks for a login the engine does not have';
  if (/timeout|dial|lookup|refused|unreachable|EOF|deadline/i.test(message)) return 'the registry cannot be reached';
  return 'the pull failed; the log has the reason';
}

const failed = (image: ImageName, reason: string, detail?: string): AppError =>
  unavailable(`The image ${image.name}@${image.digest.slice(0, 19)} is not available: ${reason}.`, { detail });
