import { version } from '../version.ts';
import type { Format } from './format.ts';
import type { CallRecord, EventRecord, HandoverRecord } from './record.ts';

/**
 * OpenTelemetry logs in the JSON of OTLP: each line is an `ExportLogsServiceRequest`, as OTLP/HTTP takes it and as the
 * file exporter writes it. Names are those of the semantic conventions for MCP and generative AI where there is one.
 */
export const otlpFormat: Format = {
  media: 'application/x-ndjson',
  extension: 'otlp.jsonl',
  head: '',
  render: (records) => (records.length === 0 ? '' : `${JSON.stringify(otlpRequest(records))}\n`),
};

type Value = string | number | boolean | null;

/** Records as one `ExportLogsServiceRequest`. */
export const otlpRequest = (records: readonly HandoverRecord[]): object => ({
  resourceLogs: [
    {
      resource: { attributes: attributes({ 'service.name': 'mcpnest', 'service.version': version }) },
      scopeLogs: [
        {
          scope: { name: 'mcpnest.audit', version },
          logRecords: records.map((record) => (record.kind === 'call' ? ofCall(record) : ofEvent(record))),
        },
      ],
    },
  ],
});

function ofCall(call: CallRecord): object {
  const ok = call.outcome === 'ok';
  const tool = call.method === 'tools/call';
  return {
    ...timed(call.createdAt),
    severityNumber: ok ? 9 : call.status >= 500 ? 17 : 13,
    severityText: ok ? 'INFO' : call.status >= 500 ? 'ERROR' : 'WARN',
    eventName: 'mcpnest.call',
    body: { stringValue: `${call.method} ${call.outcome}` },
    ...(call.traceId !== null && /^[0-9a-f]{32}$/.test(call.traceId) ? { traceId: call.traceId } : {}),
    attributes: attributes({
      'event.id': call.eventId,
      'mcp.method.name': call.method,
      'mcp.protocol.version': call.protocolVersion,
      'gen_ai.operation.name': tool ? 'execute_tool' : null,
      'gen_ai.tool.name': tool ? call.toolName : null,
      'gen_ai.prompt.name': call.method === 'prompts/get' ? call.toolName : null,
      'mcp.resource.uri': call.method.startsWith('resources/') ? call.toolName : null,
      'error.type': ok ? null : (call.errorCode ?? call.outcome),
      'mcpnest.target': call.toolName,
      'mcpnest.outcome': call.outcome,
      'mcpnest.status': call.status,
      'mcpnest.workspace.id': call.workspaceId,
      'mcpnest.server.id': call.serverId,
      'mcpnest.server.slug': call.serverSlug,
      'mcpnest.principal.kind': call.principalKind,
      'mcpnest.member.id': call.memberId,
      'mcpnest.machine.id': call.machineId,
      'mcpnest.token.id': call.tokenId,
      'mcpnest.client.name': call.clientName,
      'mcpnest.rule': call.rule,
      'mcpnest.would_deny': call.wouldDeny,
      'mcpnest.approval.id': call.approvalId,
      'mcpnest.policy.version': call.policyVersion,
      'mcpnest.policy.digest': call.policyDigest,
      'mcpnest.tool.class': call.toolClass,
      'mcpnest.auth.method': call.authMethod,
      'mcpnest.definition.hash': call.definitionHash,
      'mcpnest.arguments.shape': call.argsShape === null ? null : JSON.stringify(call.argsShape),
      'mcpnest.arguments.mac': call.argsMac,
      'mcpnest.dispatched': call.dispatched,
      'mcpnest.latency_ms': call.latencyMs,
      'mcpnest.upstream_ms': call.upstreamMs,
      'mcpnest.bytes_in': call.bytesIn,
      'mcpnest.bytes_out': call.bytesOut,
      'mcpnest.era': call.era,
      'mcpnest.repeat_count': call.repeatCount,
    }),
  };
}

const ofEvent = (event: EventRecord): object => ({
  ...timed(event.createdAt),
  severityNumber: 9,
  severityText: 'INFO',
  eventName: 'mcpnest.change',
  body: { stringValue: `${event.action} ${event.target ?? ''}` },
  attributes: attributes({
    'event.id': event.eventId,
    'mcpnest.workspace.id': event.workspaceId,
    'mcpnest.actor': event.actor,
    'mcpnest.action': event.action,
    'mcpnest.target': event.target,
    'mcpnest.detail': JSON.stringify(event.detail),
  }),
});

/** Nanoseconds as text: 64-bit integers are text in the JSON of protocol buffers. */
function timed(at: string): object {
  const nanoseconds = `${Date.parse(at)}000000`;
  return { timeUnixNano: nanoseconds, observedTimeUnixNano: nanoseconds };
}

const attributes = (values: Readonly<Record<string, Value>>): object[] =>
  Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [{ key, value: anyValue(value) }]));

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
