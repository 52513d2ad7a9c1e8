import { pino } from 'pino';
import { AppError } from '../domain/errors.ts';

/** Structured log: one JSON object per line, `level` a number (30 is info, 40 a warning, 50 an error). Values of arguments, results, tokens and headers are never logged. */
export type Log = pino.Logger;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Names under which a credential could slip in; what is found there is replaced. */
const secretNames = ['authorization', 'cookie', 'set-cookie', 'password', 'secret', 'token', 'apiKey', 'credential'];

/**
 * @param level what is written; `silent` writes nothing
 * @param destination where to; standard output, unbuffered, if left out
 */
export function createLog(
  level: LogLevel,
  destination: pino.DestinationStream = pino.destination({ sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: serializeError, error: serializeError },
      redact: {
        paths: secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
        censor: '[secret]',
      },
      hooks: { streamWrite: withoutTokens },
    },
    destination,
  );
}

/** Message, stack and causes, and of other fields only the codes: drivers hang whole queries on their errors. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    ...(error instanceof AppError && error.detail !== undefined && { detail: error.detail }),
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error.cause !== undefined && { cause: serializeError(error.cause) }),
  };
}

/** Tokens of ours and passwords in addresses have a form, so they are found wherever in the line they are. */
const withoutTokens = (line: string): string =>
  line.replace(/\b(mn[gki]_)[0-9a-f]{48}/g, '$1[secret]').replace(/:\/\/([^/\s:@"]*):[^/\s@"]*@/g, '://$1:[secret]@');
