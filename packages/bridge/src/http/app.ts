import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../log.ts';
import { ascii, cut, type ByteString } from '../messages/byte-string.ts';
import { MessageRejected, readMessage, type Message } from '../messages/message.ts';
import { rpcCode } from '../messages/protocol.ts';
import { CallFailed } from '../stdio/channel.ts';
import { serveAlias } from './aliases.ts';
import { readBody } from './body.ts';
import { createDoor } from './door.ts';
import type { Backend } from './endpoint.ts';
import { eraOf } from './era.ts';
import { endSession, openStream, serveLegacy } from './legacy.ts';
import { serveModern } from './modern.ts';
import { Refusal, refusal, sendRefusal } from './refusal.ts';
import { sendJson } from './reply.ts';

/** Paths with a single JSON request and answer, and the method they stand for. */
const aliases = new Map([
  ['/tools/list', 'tools/list'],
  ['/tools/call', 'tools/call'],
]);

/** The HTTP side of the bridge: takes every request of the server, answers every one. */
export function createApp(backend: Backend, log: Log): (req: IncomingMessage, res: ServerResponse) => void {
  const enter = createDoor(backend.settings);
  const { maxBodyBytes, maxConcurrent } = backend.settings;
  let underway = 0;

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url?.split('?', 1)[0] ?? '';
    if (path === '/healthz') return serveHealth(backend, req, res);
    enter(req);
    const alias = aliases.get(path);
    if (path !== '/mcp' && alias === undefined)
      throw refusal(404, 'There is /mcp, /tools/list, /tools/call and /healthz.');
    if (path === '/mcp' && req.method === 'GET') return openStream(backend, req, res);
    if (path === '/mcp' && req.method === 'DELETE') return endSession(backend, req, res);
    if (req.method !== 'POST') {
      throw refusal(405, 'Use POST.', { allow: alias === undefined ? 'GET, POST, DELETE' : 'POST' });
    }
    if (underway >= maxConcurrent) throw refusal(503, 'Too many requests are under way.', { 'retry-after': '1' });
    underway++;
    res.once('close', () => underway--);
    const body = await readBody(req, maxBodyBytes);
    if (alias !== undefined) return serveAlias(backend, res, alias, body);
    return serveMessage(backend, req, res, body);
  };

  return (req, res) => {
    serve(req, res).catch((error: unknown) => {
      const refused = asRefusal(error);
      if (refused === undefined) {
        // A client that went away in the middle of its body.
        if (req.destroyed && !req.complete) return;
        log.error('a request failed in the bridge', { error: error instanceof Error ? error.stack : String(error) });
        sendRefusal(res, refusal(500, 'The bridge failed.'));
      } else sendRefusal(res, refused);
    });
  };
}

async function serveMessage(
  backend: Backend,
  req: IncomingMessage,
  res: ServerResponse,
  body: ByteString,
): Promise<void> {
  let message: Message;
  try {
    message = readMessage(body);
  } catch (error) {
    if (!(error instanceof MessageRejected) || error.idText === undefined) throw error;
    return sendRefusal(res, asRefusal(error)!, error.idText);
  }
  try {
    const era = eraOf(req.headers, message);
    await (era === 'modern' ? serveModern : serveLegacy)(backend, { req, res, message });
  } catch (error) {
    const refused = asRefusal(error);
    if (refused === undefined) throw error;
    sendRefusal(res, refused, message.kind === 'request' ? cut(message.text, message.id) : undefined);
  }
}

function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof CallFailed) return new Refusal(200, error.fault);
  if (!(error instanceof MessageRejected)) return undefined;
  const code = error.isJson ? rpcCode.invalidRequest : rpcCode.parseError;
  return new Refusal(400, { code, message: error.message });
}

/** For whoever runs the container: says whether the child is open, and nothing else. */
function serveHealth(backend: Backend, req: IncomingMessage, res: ServerResponse): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw refusal(405, 'Use GET.', { allow: 'GET' });
  try {
    backend.shared();
    sendJson(res, 200, ascii('{"status":"ok"}'));
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    sendJson(res, 503, ascii('{"status":"unavailable"}'));
  }
}
