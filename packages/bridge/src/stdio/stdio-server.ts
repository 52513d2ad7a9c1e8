import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildSettings } from '../config/settings.ts';
import type { Log } from '../log.ts';
import { Channel, type ChannelEvents } from './channel.ts';
import { startChild, type ProcessGroups } from './child.ts';
import { HandshakeFailed, type Hello } from './handshake.ts';

/** A child that has been opened and can be asked. */
export interface StdioServer {
  readonly channel: Channel;
  readonly hello: Hello;
  /** Resolves with how it ended; its whole process group is gone then. */
  readonly ended: Promise<string>;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface StdioServerOptions {
  readonly settings: ChildSettings;
  readonly groups: ProcessGroups;
  readonly log: Log;
  readonly events: Omit<ChannelEvents, 'closed'>;
  /** The handshake, which must be over in time. */
  readonly open: (channel: Channel) => Promise<Hello>;
  /** Ends the start, and the child with it. */
  readonly signal: AbortSignal;
}

/** The child did not come up. The message is for the log and for people. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
}

const shownLines = 10;

/**
 * Start the child and shake hands with it.
 * @throws StartFailed with what it last wrote to stderr; nothing of it runs any longer then
 */
export async function startStdioServer(options: StdioServerOptions): Promise<StdioServer> {
  const { settings, groups, log, events, open, signal } = options;
  const child = startChild(settings, groups, log);
  const channel = new Channel({
    stdin: child.stdin,
    stdout: child.stdout,
    maxLineBytes: settings.maxLineBytes,
    maxQueuedBytes: settings.maxQueuedBytes,
    maxPending: settings.maxPending,
    log,
    // A server without its output is of no use, whether or not the process lives on.
    events: { ...events, closed: () => void child.stop() },
  });
  const giveUp = (): void => void child.stop();
  signal.addEventListener('abort', giveUp, { once: true });
  const timer = new AbortController();
  const late = sleep(settings.startMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new HandshakeFailed(`the handshake took longer than ${settings.startMs} ms`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    const hello = await Promise.race([open(channel), late]);
    log.info('the server is open', { pid: child.pid, era: hello.era });
    return { channel, hello, ended: child.ended, stop: child.stop };
  } catch (error) {
    await child.stop();
    if (!(error instanceof HandshakeFailed)) throw error;
    const words = child.lastWords().slice(-shownLines).join('\n');
    const said = words === '' ? 'It wrote nothing to stderr.' : `It last wrote to stderr:\n${words}`;
    throw new StartFailed(`The server did not start: ${error.message}; ${await child.ended}. ${said}`);
  } finally {
    timer.abort();
    signal.removeEventListener('abort', giveUp);
  }
}
