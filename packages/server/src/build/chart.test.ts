import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { restrictedViolations } from '../../../../test/servers/kubernetes/restricted.ts';
import { schemaProblems } from '../../../../test/servers/kubernetes/schema.ts';
import { variables } from '../config/env.ts';
import { gatewayLabels } from '../orchestrator/runtimes/kubernetes/objects.ts';

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
const template = (one('Deployment')['spec'] as { template: { metadata: { labels: object }; spec: PodSpec } }).template;
const container = template.spec.containers[0]!;

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
    expect(restrictedViolations(template.spec)).toEqual([]);
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
    const mounted = container.volumeMounts.map(({ name }) => name);
    expect(mounted).toEqual(template.spec.volumes.map(({ name }) => name));
  });

  it('sets variables that exist, and no secret among them', () => {
    const known = Object.keys(variables.shape);
    for (const { name } of container.env) expect(known).toContain(name.replace(/_FILE$/, ''));
    expect(container.env.map(({ name }) => name)).not.toContain('DATABASE_URL');
    expect(container.env.map(({ name }) => name)).not.toContain('MCPNEST_SECRET_KEY');
  });

  it('[ORC-04] lets the pods that hosted servers let in be those it makes', () => {
    expect(template.metadata.labels).toMatchObject(gatewayLabels);
    expect(one('Service')['spec']).toMatchObject({ selector: gatewayLabels });
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
