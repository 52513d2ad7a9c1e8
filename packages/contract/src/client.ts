import { clientOf } from './caller.ts';
import type { Client, ClientOptions } from './caller.ts';
import { operations } from './operations.ts';
import { problem } from './schemas/common.ts';

export { ApiError } from './caller.ts';
export type { Client, ClientOptions } from './caller.ts';

/**
 * A typed client of the control API: `client.servers.create({ params: { workspace }, body })`.
 * @throws ApiError (from each method) when the server answers with a problem document; whatever `fetch` throws when
 *   the server cannot be reached
 */
export const createClient = (options: ClientOptions): Client =>
  clientOf(operations, { ...options, readProblem: (body) => problem.safeParse(body).data });
