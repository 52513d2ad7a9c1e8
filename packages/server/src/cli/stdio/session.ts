import { rpcCode } from '../../domain/protocol.ts';
import { member, sourceText, stringValue } from '../../platform/json/scan.ts';
import { ask } from './ask.ts';
import { BridgeFault, throwIfAborted } from './fault.ts';
import type { GatewayHttp } from './gateway-http.ts';
import type { Message } from './message.ts';
import { postHeaders, sessionHeaders, type Session } from './request-headers.ts';
import type { ToolHeaders } from './tool-headers.ts';

export interface SessionDeps {
  readonly http: GatewayHttp;
  readonly tools: ToolHeaders;
  /** Aborted when the bridge ends. */
  readonly signal: AbortSignal;
  /** A lost session has been replaced; the client does not know. */
  readonly onReopened: (session: Session) => void;
}

const reopenMs = 30_000;
const endMs = 1_500;
const maxKept = 1_000;

const initialized = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');

/** The legacy client's session with the gateway, opened anew when the gateway has forgotten it. */
export class SessionKeeper {
  readonly #deps: SessionDeps;
  #current: Session | undefined;
  #initialize: Message | undefined;
  #reopening: Promise<void> | undefined;
  /** Requests that set something within the session, by what they set; a new session is told them again. */
  readonly #settings = new Map<string, Message>();

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  get current(): Session | undefined {
    return this.#current;
  }

  /** The client's `initialize` was answered with a result. */
  open(initialize: Message, response: Response, answer: Message): void {
    this.#initialize = initialize;
    this.#settings.clear();
    this.#current = sessionOf(response, answer);
  }

  /** A request of the client succeeded. */
  succeeded(request: Message): void {
    const key = settingKey(request);
    if (key === undefined) return;
    this.#settings.delete(key);
    if (request.method !== 'resources/unsubscribe' && this.#settings.size < maxKept) this.#settings.set(key, request);
  }

  /**
   * Open a session in place of one the gateway no longer knows, with the client's own `initialize`. Whoever asks
   * while that is under way waits for the same one.
   * @throws BridgeFault
   */
  async reopen(lost: Session): Promise<void> {
    if (this.#current !== lost || this.#initialize === undefined) return;
    this.#reopening ??= this.#openAgain(lost, this.#initialize).finally(() => {
      this.#reopening = undefined;
    });
    await this.#reopening;
  }

  async #openAgain(lost: Session, initialize: Message): Promise<void> {
    const signal = AbortSignal.any([this.#deps.signal, AbortSignal.timeout(reopenMs)]);
    const { http, tools } = this.#deps;
    const { response, answer } = await ask(http, initialize, postHeaders(initialize, undefined, tools), signal);
    const session = sessionOf(response, answer);
    if (session.version !== lost.version) {
      throw new BridgeFault(
        rpcCode.unavailable,
        'The gateway has forgotten the session and now speaks another protocol revision. Start the client anew.',
      );
    }
    const headers = { ...postHeaders(initialize, undefined, tools), ...sessionHeaders(session) };
    const accepted = await http.send({ method: 'POST', headers, signal, body: initialized });
    await accepted.body?.cancel();
    for (const setting of this.#settings.values()) {
      // What cannot be set again was not what the client is waiting for.
      await ask(http, setting, postHeaders(setting, session, tools), signal).catch(() => throwIfAborted(signal));
    }
    this.#current = session;
    this.#deps.onReopened(session);
  }

  /** Tell the gateway that the session is over; it would find out only after a day. */
  async end(): Promise<void> {
    const session = this.#current;
    this.#current = undefined;
    if (session?.id === undefined) return;
    const signal = AbortSignal.timeout(endMs);
    try {
      const response = await this.#deps.http.send({ method: 'DELETE', headers: sessionHeaders(session), signal });
      await response.body?.cancel();
    } catch {
      // Nobody is left to be told.
    }
  }
}

/** @throws BridgeFault when the answer is no result of `initialize` */
function sessionOf(response: Response, answer: Message): Session {
  const version = stringValue(answer.bytes, member(member(answer.root, 'result'), 'protocolVersion'));
  if (version === undefined || !/^[\x21-\x7e]{1,64}$/.test(version))
    throw new BridgeFault(
      rpcCode.upstreamFailed,
      'The gateway opens no session: its answer to initialize is no result.',
    );
  return { id: response.headers.get('mcp-session-id') ?? undefined, version };
}

function settingKey({ bytes, method, params }: Message): string | undefined {
  if (method === 'logging/setLevel') return method;
  if (method !== 'resources/subscribe' && method !== 'resources/unsubscribe') return undefined;
  const uri = member(params, 'uri');
  return uri === undefined ? undefined : sourceText(bytes, uri);
}
