import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import type { Sent } from '../http.ts';
import { jsonText, members, nested, objectText, spaced, type MemberText } from '../json-text.ts';
import { startEchoUpstream, type EchoOptions, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
const upstreams = {} as Record<'legacy' | 'modern', EchoUpstream>;
/** A session at the URL of each server. */
const sessions = {} as Record<'legacy' | 'modern', string>;

const json = 'application/json' as const;
const eventStream = 'text/event-stream' as const;
const modernVersion = '2026-07-28';

const idMark = '«id»';
const tokenMark = '«token»';

/** What the upstream answers calls with: the text of its message, marked where the id goes. */
let reply: { text: string; type: string; before?: string } | undefined;

const intercept: EchoOptions['intercept'] = ({ method, params }, id, res) => {
  if (method !== 'tools/call' || reply === undefined) return false;
  const { text, type, before } = reply;
  const { progressToken } = (params['_meta'] ?? {}) as { progressToken?: string };
  res.writeHead(200, { 'content-type': type });
  if (before !== undefined) res.write(event(before.replace(tokenMark, `"${progressToken}"`)));
  const answer = text.replace(idMark, id);
  res.end(type === json ? answer : event(answer));
  return true;
};

const event = (text: string): string =>
  `${text
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;

beforeAll(async () => {
  product = stack.use(await startProduct());
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  for (const era of ['legacy', 'modern'] as const) {
    upstreams[era] = stack.use(await startEchoUpstream({ era, intercept }));
    await product.addServer({ slug: era, url: upstreams[era].url });
    const opened = await product.rpc({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, { server: era });
    sessions[era] = String(opened.headers['mcp-session-id']);
  }
});
afterAll(() => stack.disposeAsync());

/** Data of the events of a stream, one line each; whatever else an event has is no part of a message. */
const eventData = ({ text }: Sent): string[] => [...text.matchAll(/(?:^|\n)data: ([^\n]+)/g)].map(([, data]) => data!);

/** Who asks whom, and in which form each of them has its answers. */
const route = fc.record({
  client: fc.constantFrom('bare', 'session', 'modern'),
  upstream: fc.constantFrom('legacy' as const, 'modern' as const),
  type: fc.constantFrom(json, eventStream),
  accept: fc.constantFrom(json, eventStream, `${json}, ${eventStream}`),
});
type Route = typeof route extends fc.Arbitrary<infer T> ? T : never;

/** Send this text as one message. */
function send(text: string, { client, upstream, accept }: Route): Promise<Sent> {
  const modern = { 'mcp-protocol-version': modernVersion, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  const own = client === 'modern' ? modern : client === 'session' ? { 'mcp-session-id': sessions[upstream] } : {};
  return product.rpc(text, { server: upstream, headers: { accept, ...own } });
}

const ids = fc.constantFrom('"x"', '1', '-7', '0', '9007199254740993', '"\\u0041 \\/"', '"🦊"', '""');
const described: MemberText[] = [
  ['"io.modelcontextprotocol/protocolVersion"', `"${modernVersion}"`],
  ['"io.modelcontextprotocol/clientCapabilities"', '{}'],
];

const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

describe('on the way to the upstream', () => {
  const reserved = ['name', 'arguments', '_meta', 'cursor', 'uri', 'inputresponses', 'requeststate'];
  const value = jsonText(false);
  const args = fc.oneof(
    members(false, value).map(objectText),
    fc.integer({ min: 1, max: 60 }).map((depth) => `{"deep":${nested(depth)}}`),
  );
  const asked = fc
    .record({
      route,
      id: ids,
      args: spaced(args),
      more: members(false, value, reserved),
      meta: fc.option(members(false, value, ['progresstoken', 'baggage']), { nil: undefined }),
    })
    .chain((made) => {
      const meta = [...(made.route.client === 'modern' ? described : []), ...(made.meta ?? [])];
      const params: MemberText[] = [['"name"', '"echo"'], ['"arguments"', made.args], ...made.more];
      const withMeta = made.route.client === 'modern' || made.meta !== undefined;
      if (withMeta) params.push(['"_meta"', objectText(meta)]);
      return fc.record({
        ...Object.fromEntries(Object.entries(made).map(([key, item]) => [key, fc.constant(item)])),
        params: shuffled(params),
      } as { [K in keyof typeof made]: fc.Arbitrary<(typeof made)[K]> } & { params: fc.Arbitrary<MemberText[]> });
    });

  it('[edge 10][edge 60][edge 63][edge 70] everything stays as the caller wrote it but what the gateway must write', async () => {
    reply = undefined;
    await fc.assert(
      fc.asyncProperty(asked, async ({ route: way, id, params, meta }) => {
        const text = `{"id":${id},"params":${objectText(params)},"method":"tools/call","jsonrpc":"2.0"}`;
        const answer = await send(text, way);
        expect(answer.message.error).toBeUndefined();
        const { body } = upstreams[way.upstream].calls().at(-1)!;
        const sent = objectText(params);
        const own = params.find(([name]) => name === '"_meta"');
        const written = body.slice(body.indexOf('"params":') + '"params":'.length);
        if (own === undefined) {
          // A modern upstream is told about the request in a member put before all others.
          if (way.upstream === 'legacy') expect(written).toBe(`${sent}}`);
          else expect(written.endsWith(`,${sent.slice(1)}}`)).toBe(true);
          return;
        }
        const [before, after] = sent.split(own.join(':'));
        expect(written.startsWith(before!)).toBe(true);
        expect(written.endsWith(`${after}}`)).toBe(true);
        for (const [name, given] of meta ?? []) {
          expect(written).toContain(`${JSON.stringify(JSON.parse(name))}:${given.trim()}`);
        }
      }),
      { numRuns: 400 },
    );
  }, 60_000);
});

describe('on the way back', () => {
  const value = jsonText(true);
  const block = members(true, value, ['type']).map((more) => objectText([['"type"', '"vendor/hologram"'], ...more]));
  const known: fc.Arbitrary<MemberText[]> = fc
    .record({
      content: fc.array(block, { maxLength: 3 }),
      structured: fc.option(value, { nil: undefined }),
      isError: fc.option(fc.constantFrom('true', 'false'), { nil: undefined }),
      resultType: fc.option(fc.constantFrom('"complete"', '"vendor/novel"', '"inputRequired"'), { nil: undefined }),
      deep: fc.option(fc.integer({ min: 1, max: 250 }), { nil: undefined }),
    })
    .map(({ content, structured, isError, resultType, deep }) => {
      const all: (readonly [string, string | undefined])[] = [
        ['"content"', `[${content.join(',')}]`],
        ['"structuredContent"', structured],
        ['"isError"', isError],
        ['"resultType"', resultType],
        ['"deep"', deep === undefined ? undefined : nested(deep)],
      ];
      return all.filter((member): member is MemberText => member[1] !== undefined);
    });
  const result = fc
    .tuple(known, members(true, value, ['content', 'structuredcontent', 'iserror', 'resulttype', 'deep', '_meta']))
    .chain(([fixed, more]) => shuffled([...fixed, ...more]));
  const envelope = (text: string): fc.Arbitrary<string> =>
    shuffled<MemberText>([
      ['"jsonrpc"', '"2.0"'],
      ['"id"', ` ${idMark} `],
      ['"result"', text],
      ['"vendor"', '{"n":1.50}'],
    ]).map(objectText);
  const answered = fc
    .record({ route, id: ids, result })
    .chain(({ route: way, id, result: all }) =>
      fc.record({ way: fc.constant(way), id: fc.constant(id), all: fc.constant(all), text: envelope(objectText(all)) }),
    );

  /** What the caller must read: the upstream's text under its own id, and the field its revision demands. */
  function expected(text: string, id: string, all: readonly MemberText[], way: Route): string {
    const under = text.replace(idMark, id);
    const demanded = way.client === 'modern' && !all.some(([name]) => name === '"resultType"');
    if (!demanded) return under;
    return under.replace(
      objectText(all),
      (own) => `{"resultType":"complete"${all.length > 0 ? ',' : ''}${own.slice(1)}`,
    );
  }

  it('[edge 10][edge 59][edge 63][edge 64] everything stays as the upstream wrote it but the id', async () => {
    await fc.assert(
      fc.asyncProperty(answered, async ({ way, id, all, text }) => {
        // A line of an event stream cannot hold a carriage return: what is between tokens goes as another space.
        const said = way.type === eventStream ? text.replaceAll('\r', '\n') : text;
        const same = all.map(([name, own]): MemberText => [
          name,
          way.type === eventStream ? own.replaceAll('\r', '\n') : own,
        ]);
        reply = { text: said, type: way.type };
        const params: MemberText[] = [['"name"', '"echo"']];
        if (way.client === 'modern') params.push(['"_meta"', objectText(described)]);
        const answer = await send(
          `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${objectText(params)}}`,
          way,
        );
        const wanted = expected(said, id, same, way);
        expect(answer.status).toBe(200);
        if (way.accept === eventStream) {
          expect(eventData(answer)).toEqual([wanted.replaceAll(/[\r\n]/g, ' ')]);
        } else expect(answer.text).toBe(wanted);
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  const progress = fc
    .record({
      way: route,
      token: ids,
      inside: members(true, value, ['progresstoken', 'progress']),
      around: members(true, value, ['jsonrpc', 'method', 'params', 'id', 'result', 'error']),
    })
    .chain(({ way, token, inside, around }) => {
      const report = shuffled<MemberText>([['"progressToken"', tokenMark], ['"progress"', '1.50e1'], ...inside]);
      const text = report.chain((params) =>
        shuffled<MemberText>([
          ['"jsonrpc"', '"2.0"'],
          ['"method"', '"notifications/progress"'],
          ['"params"', objectText(params)],
          ...around,
        ]),
      );
      return fc.record({ way: fc.constant(way), token: fc.constant(token), text: text.map(objectText) });
    });

  it('[edge 10][edge 41][edge 63] progress stays as the upstream wrote it but its token', async () => {
    await fc.assert(
      fc.asyncProperty(progress, async ({ way: { client, upstream }, token, text }) => {
        const before = text.replaceAll('\r', '\n');
        reply = { text: `{"jsonrpc":"2.0","id":${idMark},"result":{}}`, type: eventStream, before };
        const meta: MemberText[] = [['"progressToken"', token], ...(client === 'modern' ? described : [])];
        const params = objectText([
          ['"name"', '"echo"'],
          ['"_meta"', objectText(meta)],
        ]);
        const asked = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
        const accept = `${json}, ${eventStream}` as const;
        const answer = await send(asked, { client, upstream, type: eventStream, accept });
        const wanted = before.replace(tokenMark, token).replaceAll('\n', ' ');
        expect(eventData(answer)).toHaveLength(2);
        expect(eventData(answer)[0]).toBe(wanted);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it.each([json, eventStream] as const)('[edge 10][edge 38] also where it is large (%s)', async (type) => {
    const odd = ' [ 9007199254740993 , "\\u0041é🦊\\/" ]';
    const list = `{"content":[],\n"structuredContent":[${Array.from({ length: 8_000 }, () => odd).join(',')}]}`;
    for (const client of ['bare', 'modern'] as const) {
      for (const upstream of ['legacy', 'modern'] as const) {
        for (const accept of [json, eventStream] as const) {
          reply = { text: `{"jsonrpc":"2.0","id":${idMark},"result":${list}}`, type };
          const meta = client === 'modern' ? `,"_meta":${objectText(described)}` : '';
          const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"${meta}}}`;
          const answer = await send(text, { client, upstream, type, accept });
          const own = client === 'modern' ? `{"resultType":"complete",${list.slice(1)}` : list;
          const whole = `{"jsonrpc":"2.0","id":1,"result":${own}}`;
          const wanted = accept === json ? whole : `event: message\ndata: ${whole.replaceAll('\n', ' ')}\n\n`;
          expect(answer.text === wanted).toBe(true);
        }
      }
    }
  });
});
