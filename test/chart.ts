import { readdirSync, readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';

const root = new URL('../deploy/helm/mcpnest/', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, root), 'utf8');

export const chartValues = parse(text('values.yaml')) as Record<string, unknown>;
export const chartValuesSchema = JSON.parse(text('values.schema.json')) as Record<string, unknown>;

/**
 * Every object of the Helm chart with every condition taken as true. This is no Helm: it fills in the few expressions
 * the templates are limited to, and throws for any other.
 */
export function chartObjects(): Record<string, unknown>[] {
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
