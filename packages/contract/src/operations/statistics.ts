import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { slug } from '../schemas/common.ts';
import { inventory, inventoryQuery } from '../schemas/inventory.ts';
import { overview, overviewQuery, stats, statsQuery, usage, usageQuery } from '../schemas/statistics.ts';

const workspace = '/api/v1/workspaces/{workspace}';
const inWorkspace = z.strictObject({ workspace: slug });

export const statistics = {
  overview: defineOperation({
    id: 'statistics.overview',
    method: 'GET',
    path: `${workspace}/overview`,
    summary: 'How the workspace fares: servers, calls, failures, and what needs somebody',
    params: inWorkspace,
    query: overviewQuery,
    body: null,
    response: overview,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  stats: defineOperation({
    id: 'statistics.stats',
    method: 'GET',
    path: `${workspace}/stats`,
    summary: 'Failures, availability and latency by server or tool',
    description: 'From hourly counts: a span is widened to whole hours. Nobody is named in them.',
    params: inWorkspace,
    query: statsQuery,
    body: null,
    response: stats,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  usage: defineOperation({
    id: 'statistics.usage',
    method: 'GET',
    path: `${workspace}/usage`,
    summary: 'How much was used, by team, member, machine, token or server, per day or month',
    description: 'A member sees their own use, an admin everybody’s. Teams overlap, so they need not add up.',
    params: inWorkspace,
    query: usageQuery,
    body: null,
    response: usage,
    status: 200,
    role: 'member',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  inventory: defineOperation({
    id: 'statistics.inventory',
    method: 'GET',
    path: `${workspace}/inventory`,
    summary: 'Every server with who looks after it, what it touches, and when it was last used and healthy',
    params: inWorkspace,
    query: inventoryQuery,
    body: null,
    response: inventory,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
