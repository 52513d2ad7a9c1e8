import { webhookEvents as all } from '@mcpnest/contract/schemas/webhooks';

/** What a webhook may be told of; at build time, so that no schema reaches a browser. */
export const webhookEvents = all;
