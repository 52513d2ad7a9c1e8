import { z } from 'zod';
import { errorCodes } from './error-codes.ts';
import type { ErrorCode } from './error-codes.ts';
import { allOperations } from './operations.ts';
import { commonErrors, isStreamed } from './operation.ts';
import type { Access, Operation } from './operation.ts';
import { errorStatus, errorTitle } from './problem.ts';
import { problem } from './schemas/common.ts';

export type JsonSchema = Record<string, unknown>;

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly security: readonly Record<string, readonly string[]>[];
  /** The least role or who else may, and whether the key must be for the whole instance. */
  readonly 'x-role': string;
  readonly 'x-scope': string;
  /** Error codes the operation answers with beyond the common ones. */
  readonly 'x-errors': readonly ErrorCode[];
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>;

export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: object;
  };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly securitySchemes: object; readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const tagDescriptions: Readonly<Record<string, string>> = {
  session: 'Signing in to the console and out of it.',
  sessions: 'Where you are signed in.',
  password: 'Your password.',
  passkeys: 'Your passkeys (WebAuthn).',
  passwordReset: 'A new password by a link.',
  setup: 'The first owner of an instance.',
  workspaces: 'A workspace is one gateway URL with its servers, people and tokens.',
  servers: 'The MCP servers behind the gateway URL, in their order.',
  tools: 'What a person’s clients are shown, and what not.',
  hostedCatalogue: 'Servers that MCPNest can run itself, as reviewed.',
  hosted: 'Servers of the catalogue that run here, each in a container of its own.',
  hostedImages: 'Which images may run, by digest.',
  manifests: 'What a team says of its server, in one document; publishing it registers the server.',
  tokens: 'Gateway tokens (mng_…) open the data plane and nothing else.',
  members: 'The people of a workspace and what they may administer.',
  teams: 'Members whom rules name together.',
  machines: 'Agents, CI and other programs, each with a member who answers for it.',
  invitations: 'Single-use secrets (mni_…) that make a person a member.',
  apiKeys: 'Control keys (mnk_…) bound to one workspace.',
  instanceKeys: 'Control keys (mnk_…) for the whole instance.',
  network: 'Private and loopback addresses the gateway may dial, opened one by one.',
  calls: 'One row for every tool call: metadata, never values.',
  statistics: 'Failures, availability, latency, use and stock, from hourly counts.',
  timelines: 'What became of a person, a machine, a server or a tool.',
  search: 'What is where, by name.',
  impacts: 'Who would notice a removal.',
  auditEvents: 'Every change anyone made.',
  retention: 'How long records are kept.',
  holds: 'Legal holds: what must not be deleted, by the word of two people.',
  people: 'Erasure of a person; their sessions and ways to sign in.',
  handover: 'The records for other systems and for auditors.',
  sinks: 'Where the records of a workspace are sent as they come.',
  instanceSinks: 'Where the records of the whole instance are sent as they come.',
  proofs: 'Records with what proves them to somebody who trusts neither this server nor its database.',
  proofKeys: 'The keys that sign checkpoints.',
  checkpointTargets: 'Where checkpoints are published, and how sealing goes.',
  instance: 'This installation.',
};

/**
 * The control API as an OpenAPI 3.1 document, made from the contract and from nothing else.
 * @param options.version of the product; `url` is where it is served
 */
export function openApiDocument(options: { readonly version: string; readonly url: string }): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const operation of allOperations) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  const tags = [...new Set(allOperations.map(nounOf))];
  return {
    openapi: '3.1.1',
    info: {
      title: 'MCPNest control API',
      version: options.version,
      description:
        'Change what the gateway serves. Send a control key as `Authorization: Bearer mnk_…`, or from the console its cookie and, to change something, `x-csrf-token`. Every change is audited in the transaction that makes it and reaches the gateway within a second. Errors are problem documents (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.url }],
    tags: tags.map((name) => ({ name, description: tagDescriptions[name] ?? '' })),
    paths,
    components: {
      securitySchemes: {
        controlKey: { type: 'http', scheme: 'bearer', bearerFormat: 'mnk_ + 48 lower-case hex characters' },
        invitation: { type: 'http', scheme: 'bearer', bearerFormat: 'mni_ + 48 lower-case hex characters' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-mcpnest-session' },
      },
      schemas: { Problem: schemaOf(problem, 'output') },
    },
  };
}

const nounOf = (operation: Operation): string => operation.id.split('.', 1)[0]!;

function describe(operation: Operation): OpenApiOperation {
  return {
    operationId: operation.id,
    summary: operation.summary,
    description: [operation.description, roleSentence(operation), signInSentence(operation)]
      .filter((text) => text !== undefined)
      .join(' '),
    tags: [nounOf(operation)],
    parameters: [...parameters(operation.params, 'path'), ...parameters(operation.query, 'query')],
    ...(operation.body === null
      ? {}
      : {
          requestBody: {
            required: true as const,
            content: {
              'application/json': {
                schema: schemaOf(operation.body, 'input'),
                ...(operation.example === undefined ? {} : { example: operation.example }),
              },
            },
          },
        }),
    responses: {
      [operation.status]:
        operation.response === null
          ? { description: 'Done; no body.' }
          : { description: 'Done.', content: contentOf(operation.response) },
      ...errorResponses([...commonErrors, ...operation.errors]),
    },
    security: securityOf(operation.role),
    'x-role': operation.role,
    'x-scope': operation.scope,
    'x-errors': operation.errors,
  };
}

const contentOf = (response: NonNullable<Operation['response']>): Content =>
  isStreamed(response)
    ? Object.fromEntries(response.media.map((media) => [media, { schema: { type: 'string', format: 'binary' } }]))
    : { 'application/json': { schema: schemaOf(response, 'output') } };

/** Alternatives; none at all: anybody. */
function securityOf(role: Access): OpenApiOperation['security'] {
  if (role === 'anyone') return [];
  if (role === 'invited') return [{ invitation: [] }];
  return role === 'signed-in' ? [{ session: [] }] : [{ controlKey: [] }, { session: [] }];
}

const accessSentences: Partial<Record<Access, string | undefined>> = {
  invited: undefined,
  anyone: 'Needs no credential.',
  'signed-in': 'Needs a session of the console; a control key does not do.',
};

const roleSentence = (operation: Operation): string | undefined =>
  operation.role in accessSentences
    ? accessSentences[operation.role]
    : `Needs the role ${operation.role}${operation.scope === 'instance' ? ' and a key for the whole instance' : ''}.`;

const signInSentence = ({ recentSignIn }: Operation): string | undefined =>
  recentSignIn === true ? 'Signed in to the console: within the last ten minutes.' : undefined;

function parameters(schema: z.ZodObject, place: 'path' | 'query'): OpenApiParameter[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    schema: rest,
  }));
}

function errorResponses(codes: readonly ErrorCode[]): Record<string, { description: string; content: Content }> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(errorStatus[code], [...(byStatus.get(errorStatus[code]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, sharing]) => [
      String(status),
      {
        description: sharing.map((code) => `${code}: ${errorCodes[code].meaning}`).join(' '),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            example: exampleProblem(sharing[0]!),
          },
        },
      },
    ]),
  );
}

const exampleProblem = (code: ErrorCode): z.output<typeof problem> => ({
  type: `/docs#${code}`,
  title: errorTitle[code],
  status: errorStatus[code],
  detail: errorCodes[code].meaning,
  code,
  retryable: errorCodes[code].retryable,
  requestId: '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11',
});

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      // Answers may gain fields, so no client should be generated to refuse them; and bounds that say nothing go.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.format === 'date-time' || jsonSchema.format === 'email') delete jsonSchema.pattern;
    },
  });
  return rest;
}
