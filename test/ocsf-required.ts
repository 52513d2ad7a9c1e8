/**
 * What OCSF 1.5.0 requires of the classes we write, in our own words: attributes that must be there, objects of which
 * one of several must be, and the values of those that are enumerated. From https://schema.ocsf.io/1.5.0.
 */
interface Required {
  readonly all: readonly string[];
  readonly oneOf?: readonly string[];
}

const base = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'];

const classes: Readonly<
  Record<number, Required & { readonly activities: readonly number[]; readonly category: number }>
> = {
  6003: { all: [...base, 'actor', 'api', 'src_endpoint'], activities: [0, 1, 2, 3, 4, 99], category: 6 },
  3002: {
    all: [...base, 'user'],
    oneOf: ['service', 'dst_endpoint'],
    activities: [0, 1, 2, 3, 4, 5, 6, 99],
    category: 3,
  },
  3001: { all: [...base, 'user'], activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99], category: 3 },
};

const objects: Readonly<Record<string, Required>> = {
  metadata: { all: ['product', 'version'] },
  'metadata.product': { all: ['vendor_name'] },
  actor: { all: [], oneOf: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'] },
  'actor.user': { all: [], oneOf: ['account', 'name', 'uid'] },
  user: { all: [], oneOf: ['account', 'name', 'uid'] },
  api: { all: ['operation'] },
  'api.request': { all: ['uid'] },
  'api.service': { all: [], oneOf: ['name', 'uid'] },
  src_endpoint: { all: [], oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'domain'] },
  dst_endpoint: { all: [], oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'domain'] },
};

const integers = [
  'activity_id',
  'category_uid',
  'class_uid',
  'severity_id',
  'status_id',
  'time',
  'type_uid',
  'duration',
  'count',
];
const enums: Readonly<Record<string, readonly number[]>> = {
  severity_id: [0, 1, 2, 3, 4, 5, 6, 99],
  status_id: [0, 1, 2, 99],
};

type Json = Readonly<Record<string, unknown>>;

/** What is wrong with an event, in words; empty when it has everything its class requires. */
export function ocsfProblems(event: Json): string[] {
  const rules = classes[Number(event['class_uid'])];
  if (rules === undefined) return [`class ${String(event['class_uid'])} is not one we write`];
  const problems = missing('event', event, rules);
  for (const [path, required] of Object.entries(objects)) {
    const found = path.split('.').reduce<unknown>((value, key) => (value as Json | undefined)?.[key], event);
    if (found !== undefined) problems.push(...missing(path, found as Json, required));
  }
  for (const name of integers)
    if (event[name] !== undefined && !Number.isSafeInteger(event[name])) problems.push(`${name} is no integer`);
  for (const [name, values] of Object.entries(enums))
    if (event[name] !== undefined && !values.includes(event[name] as number)) problems.push(`${name} is out of range`);
  const activity = event['activity_id'] as number;
  if (!rules.activities.includes(activity)) problems.push(`activity_id ${activity} is not one of the class`);
  if (event['category_uid'] !== rules.category) problems.push('category_uid is of another class');
  if (event['type_uid'] !== Number(event['class_uid']) * 100 + activity) problems.push('type_uid does not follow');
  if ((event['metadata'] as Json)['version'] !== '1.5.0') problems.push('metadata.version is not the pinned one');
  return problems;
}

const missing = (path: string, value: Json, { all, oneOf }: Required): string[] => [
  ...all.filter((name) => value[name] === undefined || value[name] === null).map((name) => `${path} lacks ${name}`),
  ...(oneOf === undefined || oneOf.some((name) => value[name] !== undefined)
    ? []
    : [`${path} has none of ${oneOf.join()}`]),
];
