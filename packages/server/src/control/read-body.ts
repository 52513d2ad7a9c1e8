import { invalidInput } from '../domain/errors.ts';
import type { AppError } from '../domain/errors.ts';
import { JsonRejected, scanJson } from '../platform/json/scan.ts';

/** Bytes a request body may have. */
export const maxBodyBytes = 1024 * 1024;

const limits = { maxDepth: 32, maxElements: 20_000, maxKeys: 2_000, nodeDepth: 0, strict: true };

/** A refusal for which HTTP has a status more exact than the error code's own. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly status: 405 | 413 | 415;
  readonly error: AppError;

  constructor(status: 405 | 413 | 415, message: string) {
    super(message);
    this.status = status;
    this.error = invalidInput(message);
  }
}

/**
 * The JSON body of a request, bounded before it is parsed: bytes, depth, number of values, no duplicate keys.
 * @throws RequestRefused 413 or 415; AppError `invalid_input` for text that is not such JSON
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new RequestRefused(415, 'Send the body as Content-Type: application/json.');
  const bytes = await readBounded(request);
  try {
    scanJson(bytes, limits);
  } catch (error) {
    if (error instanceof JsonRejected) throw invalidInput(`The body is not acceptable JSON. ${error.message}`);
    throw error;
  }
  return JSON.parse(bytes.toString('utf8'), refusePrototype) as unknown;
}

/** Whoever copies objects leaves this key out without a word, and what it said would count for nothing. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw invalidInput("The body has a key '__proto__', which nothing here can be called.");
  return value;
}

async function readBounded(request: Request): Promise<Buffer> {
  const tooLarge = (): RequestRefused => new RequestRefused(413, `The body is larger than ${maxBodyBytes} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.byteLength;
    if (size > maxBodyBytes) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
