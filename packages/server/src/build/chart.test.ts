import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { restrictedViolations } from '../../../../test/servers/kubernetes/restricted.ts';
import { schemaProblems } from '../../../../test/servers/kubernetes/schema.ts';
import { loadConfig } from '../config/config.ts';
import { variables } from '../config/env.ts';
import { gatewayLabels, orchestratorLabels } from '../orchestrator/runtimes/kubernetes/objects.ts';

const root = new URL('../../../../deploy/helm/mcpnest/', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, root), 'utf8');

const chartValues = parse(text('values.yaml')) as Record<string, unknown>;
const chartValuesSchema = JSON.parse(text('values.schema.json')) as Record<string, unknown>;

/**
 * Every object of the Helm chart with every condition taken as true. This is no Helm: it fills in the few expressions
 * the templates are limited to, and throws for any other.
 */
function chartObjects(): Record<string, unknown>[] {
  const templates = readdirSync(new URL('templates', root)).filter((name) => name.endsWith('.yaml'));
  return templates.flatMap((name) =>
    parseAllDocuments(filled(text(`templates/${name}`)), { version: '1.1' }).map((document) => {
      if (document.errors.length > 0) throw document.errors[0]!;
      return document.toJS() as Record<string, unknown>;
    }),
  );
}

const filled = (template: string): string =>
  template
    .replaceAll(/^ *\{\{- (?:if [^}]+|end) \}\}\n/gm, '')
    .replaceAll(/\{\{ (.+?) \}\}/g, (_, code: string) => value(code));

function value(code: string): string {
  const file = /^\.Files\.Get "([^"]+)" \| indent 2$/.exec(code)?.[1];
  if (file !== undefined) return text(file).replaceAll(/^(?=.)/gm, '  ');
  if (code === '.Release.Namespace | quote') return '"mcpnest"';
  if (code === '.Release.Service | quote') return '"Helm"';
  if (code.startsWith('printf "%s@%s" .Values.image')) return `"mcpnest/mcpnest@sha256:${'0'.repeat(64)}"`;
  const found = /^(toJson )?(?:required "[^"]+" )?\.Values\.([A-Za-z.]+)(?: \| default "([^"]+)")?( \| quote)?$/.exec(
    code,
  );
  if (found === null) throw new Error(`the templates are not to have ${code}`);
  const [, json, path, instead, quote] = found;
  const given = path!.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], chartValues);
  if (given === undefined) throw new Error(`values.yaml lacks ${path}`);
  const chosen = given === '' ? (instead ?? given) : given;
  return json === undefined && quote !== undefined ? JSON.stringify(String(chosen)) : JSON.stringify(chosen);
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly volumes: readonly { readonly name: string }[];
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly securityContext: object;
    readonly volumeMounts: readonly { readonly name: string }[];
  }[];
}

const objects = chartObjects();
const one = (kind: string, name?: string) =>
  objects.find(
    (object) =>
      object['kind'] === kind && (name === undefined || (object['metadata'] as { name: string }).name === name),
  ) ?? {};
const templateOf = (name: string) =>
  (one('Deployment', name)['spec'] as { template: { metadata: { labels: object }; spec: PodSpec } }).template;
const template = templateOf('mcpnest');
const orchestrator = templateOf('mcpnest-orchestrator');
const variablesOf = ({ spec }: typeof template): Record<string, string> =>
  Object.fromEntries(spec.containers[0]!.env.map(({ name, value: set }) => [name, set]));

describe('the Helm chart', () => {
  it('makes objects of the published types, each in a namespace it names', () => {
    expect(objects.map((object) => [object['kind'], schemaProblems(object)])).toEqual(
      objects.map(({ kind }) => [kind, []]),
    );
    const homeless = objects.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && (metadata as { namespace?: string }).namespace === undefined,
    );
    expect(homeless).toEqual([]);
  });

  it('[ORC-04] runs the product as restricted as what it hosts', () => {
    for (const { spec } of [template, orchestrator]) {
      expect(restrictedViolations(spec)).toEqual([]);
      expect(spec.containers[0]!.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
      const mounted = spec.containers[0]!.volumeMounts.map(({ name }) => name);
      expect(mounted).toEqual(spec.volumes.map(({ name }) => name));
    }
  });

  it('sets variables that exist, and no secret among them', () => {
    const known = Object.keys(variables.shape);
    for (const names of [template, orchestrator].map((one) => Object.keys(variablesOf(one)))) {
      for (const name of names) expect(known).toContain(name.replace(/_FILE$/, ''));
      expect(names).not.toContain('DATABASE_URL');
      expect(names).not.toContain('MCPNEST_SECRET_KEY');
    }
  });

  it('[ORC-04][ORC-08] gives the cluster to the orchestrator alone, which nobody but the gateway can reach', () => {
    expect(template.spec).toMatchObject({ serviceAccountName: 'mcpnest', automountServiceAccountToken: false });
    expect(orchestrator.spec).toMatchObject({ serviceAccountName: 'mcpnest-orchestrator' });
    expect(one('RoleBinding')['subjects']).toEqual([
      { kind: 'ServiceAccount', name: 'mcpnest-orchestrator', namespace: 'mcpnest' },
    ]);
    expect(orchestrator.metadata.labels).toMatchObject(orchestratorLabels);
    expect(one('Service', 'mcpnest-orchestrator')['spec']).toMatchObject({ selector: orchestratorLabels });
    expect(one('NetworkPolicy', 'mcpnest-orchestrator')['spec']).toMatchObject({
      podSelector: { matchLabels: orchestratorLabels },
      ingress: [{ from: [{ podSelector: { matchLabels: gatewayLabels } }] }],
    });
  });

  it('[ORC-08] starts both with what they need of each other, and only what they accept', () => {
    const files = {
      ...{ DATABASE_URL: 'postgres://u:x7Kq2mPw@db/nest' },
      MCPNEST_SECRET_KEY: randomBytes(32).toString('hex'),
    };
    const configOf = (of: typeof template) => {
      const given = Object.entries(variablesOf(of)).filter(([name]) => !name.endsWith('_FILE'));
      return loadConfig({ ...Object.fromEntries(given), ...files, MCPNEST_PUBLIC_URL: 'https://mcp.example.com' })
        .config;
    };
    expect(configOf(template)).toMatchObject({ serves: true, orchestrates: false });
    expect(configOf(orchestrator)).toMatchObject({ serves: false, orchestrates: true, port: 8421 });
    expect(configOf(template).orchestratorUrl).toBe('http://mcpnest-orchestrator:8421');
  });

  it('[ORC-04] lets the pods that hosted servers let in be those it makes', () => {
    expect(template.metadata.labels).toMatchObject(gatewayLabels);
    expect(one('Service', 'mcpnest')['spec']).toMatchObject({ selector: gatewayLabels });
    expect(one('NetworkPolicy', 'mcpnest')['spec']).toMatchObject({ podSelector: { matchLabels: gatewayLabels } });
  });

  it('[ORC-04] closes the namespace of hosted servers: restricted pods, no traffic, a role for it alone', () => {
    expect(one('Namespace')['metadata']).toMatchObject({
      name: 'mcpnest-hosted',
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    });
    expect(one('NetworkPolicy', 'deny-all')).toMatchObject({
      metadata: { namespace: 'mcpnest-hosted' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] },
    });
    expect(one('Role')['metadata']).toMatchObject({ namespace: 'mcpnest-hosted' });
    expect(objects.map(({ kind }) => kind)).not.toContain('ClusterRole');
    const rules = one('Role')['rules'] as readonly { resources: string[]; verbs: string[] }[];
    expect(rules.flatMap(({ resources, verbs }) => [...resources, ...verbs])).not.toContain('*');
    expect(rules.find(({ resources }) => resources.includes('secrets'))?.verbs).toEqual(['create', 'delete']);
  });

  it('has a schema for every value, at every depth it names', () => {
    const compare = (values: Record<string, unknown>, schema: Record<string, unknown>): void => {
      const properties = schema['properties'] as Record<string, Record<string, unknown>>;
      expect(Object.keys(properties).filter((name) => name !== 'global')).toEqual(Object.keys(values));
      for (const [name, inner] of Object.entries(values)) {
        if (properties[name]?.['properties'] !== undefined) compare(inner as Record<string, unknown>, properties[name]);
      }
    };
    compare(chartValues, chartValuesSchema);
  });
});
