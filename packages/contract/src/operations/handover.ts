import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { cursorHeader, evidenceQuery, exportMedia, exportQuery } from '../schemas/handover.ts';

const streamed = `Streamed; complete only when the stream ends as it should. The header \`${cursorHeader}\` says what to send as \`after\` the next time. The order is that in which each node closed its calls, then changes by time. Changes of the last five seconds are left for the next time.`;
const inWorkspace = z.strictObject({ workspace: slug });

export const handover = {
  export: defineOperation({
    id: 'handover.export',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit/export',
    summary: 'Export the calls and changes of the workspace',
    description: streamed,
    params: inWorkspace,
    query: exportQuery,
    body: null,
    response: { media: exportMedia },
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  exportAll: defineOperation({
    id: 'handover.exportAll',
    method: 'GET',
    path: '/api/v1/audit/export',
    summary: 'Export the calls and changes of the whole instance',
    description: streamed,
    params: nothing,
    query: exportQuery,
    body: null,
    response: { media: exportMedia },
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  evidence: defineOperation({
    id: 'handover.evidence',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit/evidence',
    summary: 'Make the evidence pack of a period',
    description:
      'A ZIP file: for each control of SOC 2 and ISO 27001 that it speaks to, the question, the file that answers it and the command that made it.',
    params: inWorkspace,
    query: evidenceQuery,
    body: null,
    response: { media: ['application/zip'] },
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
