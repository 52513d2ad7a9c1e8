/**
 * The numbered cases in which gateways for MCP go wrong, as data. Tests cite a number in their title,
 * `it('[edge 12] …')`; `npm run check` fails when a case marked `shown` is cited by no test, or another one is.
 */
export interface ProtocolEdge {
  readonly number: number;
  /** What is right. */
  readonly meaning: string;
  /** `shown`: by tests. `apart`: does not apply here. */
  readonly status: 'shown' | 'apart';
  /** Why it does not apply; where it is shown, what is done otherwise than one might expect. */
  readonly remark?: string;
}

const shown = (number: number, meaning: string, remark?: string): ProtocolEdge => ({
  number,
  meaning,
  status: 'shown',
  ...(remark === undefined ? {} : { remark }),
});

export const edges: readonly ProtocolEdge[] = [
  // The JSON-RPC envelope
  shown(
    1,
    'A batch is refused with 400 and -32600, and no part of it runs.',
    'Refused also where 2025-03-26, which had batches, is named.',
  ),
  shown(2, 'A notification gets 202 and nothing else, whatever its name, and never a JSON-RPC answer.'),
  shown(3, 'An id is a string or an integer and comes back as it was written; any other kind is refused.'),
  shown(
    4,
    'Errors the gateway makes carry the id of the request; only what could not be read has none.',
    'A request refused before its body is read, such as one without a token, has no id yet.',
  ),
  shown(5, 'Requests of one session that carry the same id at the same time are kept apart.'),
  shown(6, 'Ids of callers who share an upstream session are exchanged for ids of our own, and restored.'),
  shown(7, 'A response a client posts goes to the request of its own session; a modern client may post none.'),
  shown(
    8,
    'An unknown method is -32601, with 200 for legacy clients and 404 for modern ones; a single server has its own.',
  ),
  shown(9, 'What is no JSON, no object, too deep or empty is refused with 400, without an id, within bounds.'),
  shown(10, 'Numbers beyond 2^53 and odd forms of numbers pass unchanged, both ways.'),
  shown(
    11,
    'A tool that failed is a result; an error of the upstream stays that error; a broken upstream is an error.',
  ),
  shown(12, 'An unknown tool and a hidden one are the same -32602.'),
  shown(13, 'A denial by policy has one documented code, outside what the protocol reserves.'),

  // HTTP, headers, sessions
  shown(14, 'Any Accept is served; no event stream to a client that did not list it: it gets the answer alone.'),
  shown(15, 'The content type is application/json or forgotten; anything else is 415.'),
  shown(16, 'A foreign Origin or Host is 403 before any credential is looked at; no Origin is normal.'),
  shown(17, 'An unknown revision is 400, to modern clients with -32022 and every revision served.'),
  shown(18, 'Headers that contradict the body are refused with -32020, repeated ones too; the body alone decides.'),
  shown(19, 'Mcp-Name is decoded before it is compared, and goes upstream as the name the upstream knows, encoded.'),
  shown(
    20,
    'Tools with invalid x-mcp-header are left out; Mcp-Param headers are made from the arguments, never copied.',
  ),
  shown(21, 'Header names have no case, values have; spaces around a value do not count.'),
  shown(22, 'initialize for an unknown or modern revision is answered with the newest legacy one.'),
  shown(23, "A session id is random and bound to its token; somebody else's is as unknown as an invented one."),
  shown(24, 'Without a session, calls are served; a session that is unknown or ended is 404.'),
  shown(25, 'DELETE ends a session, what runs in it and what it holds upstream; without a session it is 405.'),
  shown(26, 'GET opens the stream of a legacy session; anything else is 405.'),
  shown(27, 'A message of an upstream goes to one stream of a session, that of the request it concerns.'),
  shown(28, 'Streams of legacy sessions can be resumed by ids of our own; modern streams have none.'),
  shown(29, "A stream opens with an empty event for clients that know it; an upstream's retry is honoured."),
  shown(30, 'An upstream that lost its session gets one new one for all callers, and each request once more.'),
  shown(31, 'A stream of an upstream that ends without an answer is resumed where it can be, else an error.'),
  shown(32, 'Only an answer of that kind proves the generation of an upstream; evidence ages and can be contradicted.'),
  shown(33, 'Redirects of an upstream lead nowhere a credential should not go.', 'All of them are refused.'),
  shown(34, "No header of the caller reaches an upstream, and none of the upstream's the caller."),
  shown(
    35,
    "An upstream's 401 or 403 is an error of the call, never the client's own 401.",
    'Stored credentials are fixed values, so there is nothing to refresh yet.',
  ),
  shown(
    36,
    'A bad token is 401 with a challenge; a denial by policy is in band.',
    'The challenge names no metadata until there is an authorization server.',
  ),
  shown(37, 'Event streams pass through proxies unbuffered; any form of event stream is read.'),
  shown(38, 'Requests and answers have limits; whoever does not read makes nobody hold what is unread.'),

  // Flow
  shown(39, 'A client that disconnects has cancelled, unless it is a legacy one within a session.'),
  shown(40, 'A cancellation concerns a request of its own session alone; unknown ones are ignored; no answer follows.'),
  shown(41, 'Progress tokens are exchanged upstream and restored; progress grows, and goes to its request alone.'),
  shown(42, 'Progress extends a call, never past its total time; at its end the upstream is told and an error given.'),
  shown(43, 'What an upstream asks of the client goes to the request that caused it, or is refused, never ignored.'),
  shown(44, 'What an upstream asks outside any request cannot be attributed, and is refused.'),
  shown(45, 'requestState is sealed and bound to its principal, request and time.'),
  shown(46, 'An input_required of a kind the client did not declare becomes -32021.'),
  shown(47, '-32042 of a legacy upstream is passed, translated or explained, by what the client can do.'),
  shown(48, 'URLs of elicitations are shown as they are, with their true host.'),
  shown(49, 'A changed list is told, once, to those whose own view of it changed.'),
  shown(50, 'A listen stream acknowledges first, is tagged and bounded, and ends with its token.'),
  shown(51, 'Log levels hold for a session or a request, and upstreams are told the most verbose one.'),
  shown(52, 'ping is answered here and never passed on; modern clients have none.'),

  // Aggregation and content
  shown(53, 'Clashing names are told apart the same way every time, by a table and never by parsing.'),
  shown(
    54,
    'Odd and long names get a presentable form that reaches the tool; case counts.',
    'A tool whose name is empty is left out.',
  ),
  shown(55, "An upstream's pages are read to a bounded end; an empty cursor is a cursor; one we never gave is -32602."),
  shown(56, 'A server that is down takes only itself out of a list, and is there again soon after it is back.'),
  shown(57, 'Lists come in the order of servers, and each server in its own, every time.'),
  shown(58, 'A list is private to its caller and kept for seconds; errors are not kept.'),
  shown(59, 'Modern clients get the fields of their revision; an unknown resultType stays.'),
  shown(
    60,
    'Unknown _meta passes both ways; what speaks of one hop is written anew.',
    'traceparent and tracestate pass as they are, since the gateway makes no spans; baggage is not passed on.',
  ),
  shown(61, 'An upstream is told of those capabilities that this client has and that can be relayed.'),
  shown(62, 'A client is told of what its upstreams can do and what can be honoured.'),
  shown(63, 'Unknown members and kinds of content pass.'),
  shown(64, 'structuredContent may be any JSON value, and is not judged.'),
  shown(
    65,
    'Schemas stay as they are, within bounds; no $ref is ever fetched.',
    'A pinned server’s tool is held back when the hash of its canonical definition changes.',
  ),
  shown(66, 'URIs of resources lead to their server; clashes are told apart wherever a URI stands.'),
  shown(67, 'Completion goes to the server of its prompt or template.'),
  shown(68, 'A task belongs to its member; clients without the extension get none.'),
  shown(69, 'MCP Apps keep working when several servers have them.'),
  shown(70, 'Arguments that are absent stay absent; params may be absent.', 'null is no object, and is refused.'),
  shown(
    71,
    'What a tool says of itself changes nothing about who may call it.',
    'On a pinned server an annotation that changes holds the tool back.',
  ),
  shown(72, 'Instructions of upstreams do not become ours.', 'None is passed on.'),

  // Upstreams over stdio
  shown(73, 'One message per line; noise, blank lines, long lines and split characters are survived.'),
  shown(74, 'Standard error is for the log, within bounds, and never an answer.'),
  shown(75, 'A crash fails what is under way at once; restarts slow down and stop.'),
  shown(76, 'Shutting down ends the whole process group.'),
  shown(77, 'No probe kills a server that cannot stand one.'),
  shown(78, 'One process serves many callers with ids of our own, and sees no secret of ours.'),
  shown(79, 'A cancellation is a notification in both generations.'),
  shown(80, 'A slow call holds up no other.'),
];
