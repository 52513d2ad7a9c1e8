import { describe, expect, it } from 'vitest';
import { ocsfProblems } from '../../../../../test/ocsf-required.ts';
import { callFixture, eventFixture } from './fixture.ts';
import { formats } from './format.ts';
import { noMarks, readMarks, writeMarks } from './marks.ts';

const hostile = 'a|b\\c=d\ne\r"f",<g>';

/** Cells of RFC 4180, read by rules of our own. */
function readCsv(text: string): string[][] {
  const lines: string[][] = [[]];
  for (let at = 0; at < text.length;) {
    const match = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
    match.lastIndex = at;
    const found = match.exec(text);
    if (found === null) throw new Error(`no cell at ${at}`);
    lines.at(-1)!.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    at = match.lastIndex;
    if (found[3] === '\r\n' && at < text.length) lines.push([]);
  }
  return lines;
}

describe('[AUD-06] CSV', () => {
  it('keeps every cell as it is, whatever is in it, and both kinds under one head', () => {
    const { csv } = formats;
    const [head, call, event] = readCsv(csv.head + csv.render([callFixture({ toolName: hostile }), eventFixture()]));
    expect(call).toHaveLength(head!.length);
    expect(event).toHaveLength(head!.length);
    const cell = (line: string[] | undefined, name: string) => line![head!.indexOf(name)];
    expect(cell(call, 'toolName')).toBe(hostile);
    expect(cell(call, 'argsShape')).toBe('{"title":"s1-16"}');
    expect(cell(call, 'actor')).toBe('');
    expect([cell(event, 'kind'), cell(event, 'action'), cell(event, 'status')]).toEqual(['event', 'rules.create', '']);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('lets no spreadsheet work out %j', (text) => {
    const { csv } = formats;
    const [head, line] = readCsv(csv.head + csv.render([callFixture({ toolName: text, latencyMs: -1 })]));
    expect(line![head!.indexOf('toolName')]).toBe(`'${text}`);
    expect(line![head!.indexOf('latencyMs')]).toBe('-1');
  });
});

describe('[AUD-06] CEF', () => {
  it('escapes what separates, in the head and in the extension, and is one line a record', () => {
    const text = formats.cef.render([callFixture({ toolName: hostile, outcome: 'a|b\\c\nd' }), eventFixture()]);
    const [call, event, rest] = text.split('\n');
    expect(rest).toBe('');
    expect(call).toMatch(/^CEF:0\|MCPNest\|MCPNest\|[^|]+\|call:a\\\|b\\\\c d\|/);
    expect(call).toContain(String.raw`cs1=a|b\\c\=d\ne\r"f",<g> `);
    expect(call).toContain('externalId=node-1/3/42/0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11');
    expect(call).toContain(`rt=${Date.parse('2026-11-21T12:00:00.123Z')}`);
    expect(event).toContain('|change:rules.create|rules.create|3|');
  });
});

describe('[AUD-06] OCSF', () => {
  it.each([
    ['a call', callFixture()],
    [
      'a refused call of nobody in particular',
      callFixture({
        memberId: null,
        serverId: null,
        serverSlug: null,
        status: 403,
        outcome: 'denied',
        errorCode: 'denied_by_policy',
        definitionHash: null,
        argsShape: null,
        traceId: null,
        clientName: null,
        protocolVersion: null,
      }),
    ],
    ['a call that failed', callFixture({ status: 504, outcome: 'timeout', method: 'resources/read' })],
    ['a change', eventFixture()],
    [
      'a change by the operator, of the instance',
      eventFixture({ actor: 'local-cli', workspaceId: null, action: 'network.allow' }),
    ],
    [
      'a log-in that failed',
      eventFixture({ action: 'login', actor: 'anonymous', target: 'address:10.0.0.1', workspaceId: null }),
    ],
    ['a refusal', eventFixture({ target: 'refused' })],
    ['a change whose details were erased', eventFixture({ target: null, detail: null })],
    ['a new member', eventFixture({ action: 'members.add', target: 'member:ada@example.com' })],
    [
      'a member who left',
      eventFixture({ action: 'members.remove', target: 'member:ada@example.com', workspaceId: null }),
    ],
  ])('has what its class requires: %s', (_, record) => {
    expect(ocsfProblems(JSON.parse(formats.ocsf.render([record])) as Record<string, unknown>)).toEqual([]);
  });

  it('the check of the required attributes can fail', () => {
    const event = JSON.parse(formats.ocsf.render([callFixture()])) as Record<string, unknown>;
    expect(ocsfProblems({ ...event, actor: {}, type_uid: 1, src_endpoint: undefined })).toHaveLength(3);
  });

  it('says what was done in terms of the schema', () => {
    const [call, added] = formats.ocsf
      .render([callFixture({ method: 'resources/read' }), eventFixture({ action: 'members.add' })])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(call).toMatchObject({ class_uid: 6003, activity_name: 'Read', type_uid: 600302, duration: 12 });
    expect(added).toMatchObject({ class_uid: 3001, activity_name: 'Create', category_uid: 3 });
  });
});

describe('[AUD-06] OTLP', () => {
  it('is the JSON of an export request, with 64-bit integers as text and the names of the conventions', () => {
    const read = JSON.parse(formats.otlp.render([callFixture(), eventFixture()])) as {
      resourceLogs: { scopeLogs: { logRecords: { attributes: { key: string; value: unknown }[] }[] }[] }[];
    };
    const [call, event] = read.resourceLogs[0]!.scopeLogs[0]!.logRecords;
    expect(call).toMatchObject({
      timeUnixNano: '1795262400123000000',
      severityNumber: 9,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      eventName: 'mcpnest.call',
    });
    const attributes = new Map(call!.attributes.map(({ key, value }) => [key, value]));
    expect(attributes.get('mcp.method.name')).toEqual({ stringValue: 'tools/call' });
    expect(attributes.get('gen_ai.operation.name')).toEqual({ stringValue: 'execute_tool' });
    expect(attributes.get('gen_ai.tool.name')).toEqual({ stringValue: 'create_issue' });
    expect(attributes.get('mcpnest.status')).toEqual({ intValue: '200' });
    expect(attributes.get('mcpnest.dispatched')).toEqual({ boolValue: true });
    expect([...attributes.keys()].filter((key) => /argument|result/.test(key))).toEqual([
      'mcpnest.arguments.shape',
      'mcpnest.arguments.mac',
    ]);
    expect(event).toMatchObject({ eventName: 'mcpnest.change' });
    expect(formats.otlp.render([])).toBe('');
  });
});

it('reads back the marks it gave out and no others', () => {
  const marks = {
    calls: { 'node-1': { epoch: 1, seq: 2, id: 'x' } },
    events: { at: '2026-11-21T12:00:00.000Z', id: 'y' },
  };
  expect(readMarks(writeMarks(marks))).toEqual(marks);
  expect(readMarks(writeMarks(noMarks))).toEqual(noMarks);
  const bad = ['', 'x', btoa('{}'), btoa('{"calls":{"n":{"epoch":-1,"seq":0,"id":""}},"events":null}')];
  for (const text of bad) expect(readMarks(text)).toBeUndefined();
});
