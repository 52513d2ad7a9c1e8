/**
 * A URI template (RFC 6570) made ready to tell whether a URI may come from it. Matching takes time in proportion to
 * the length of the URI times the number of expressions, whatever the template is: templates come from outside, and a
 * regular expression made of one could be made to take for ever.
 */
export interface UriTemplate {
  readonly parts: readonly Part[];
}

type Part =
  | { readonly literal: string; readonly failure: Int16Array }
  | { readonly literal: undefined; readonly expression: Expression };

interface Expression {
  /** The character it begins with when it is not empty; undefined: none, and it is never empty. */
  readonly lead: string | undefined;
  /** Characters that end it. */
  readonly stops: string;
  /** Names a query may have; undefined: any. */
  readonly names: readonly string[] | undefined;
}

/** Longer templates and URIs match nothing. Characters. */
export const maxUri = 2_048;
const maxExpressions = 16;

const operators: Readonly<Record<string, Omit<Expression, 'names'>>> = {
  '': { lead: undefined, stops: '/?#' },
  '+': { lead: undefined, stops: '' },
  '#': { lead: '#', stops: '' },
  '.': { lead: '.', stops: '/?#' },
  '/': { lead: '/', stops: '/?#' },
  ';': { lead: ';', stops: '/?#' },
  '?': { lead: '?', stops: '#' },
  '&': { lead: '&', stops: '#' },
};

const expressionForm = /^([+#./;?&]?)((?:[A-Za-z0-9_.%]+(?:\*|:[0-9]{1,4})?)(?:,[A-Za-z0-9_.%]+(?:\*|:[0-9]{1,4})?)*)$/;
const fixedScheme = /^[a-z][a-z0-9+.-]*:/i;

/**
 * @returns undefined for a template that can route nothing: malformed, too long, or without a fixed scheme, for it
 * would claim every URI there is
 */
export function compileTemplate(text: string): UriTemplate | undefined {
  if (text.length > maxUri || !fixedScheme.test(text)) return undefined;
  const parts: Part[] = [];
  let expressions = 0;
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('{', at);
    const literal = text.slice(at, open < 0 ? text.length : open);
    if (literal.includes('}')) return undefined;
    if (literal !== '') parts.push({ literal, failure: failureTable(literal) });
    if (open < 0) break;
    const close = text.indexOf('}', open);
    const form = close < 0 ? null : expressionForm.exec(text.slice(open + 1, close));
    if (form === null || ++expressions > maxExpressions) return undefined;
    const expression = readExpression(form[1]!, form[2]!);
    // One after another, expressions of a kind match what one of them does.
    if (!sameKind(parts.at(-1), expression)) parts.push({ literal: undefined, expression });
    at = close + 1;
  }
  return { parts };
}

function sameKind(before: Part | undefined, { lead, stops, names }: Expression): boolean {
  if (before === undefined || before.literal !== undefined || names !== undefined || lead !== undefined) return false;
  const { expression } = before;
  return expression.lead === undefined && expression.stops === stops;
}

function readExpression(operator: string, variables: string): Expression {
  const { lead, stops } = operators[operator]!;
  const exploded = variables.includes('*');
  if (operator === '?' && !exploded) {
    return { lead, stops, names: variables.split(',').map((name) => name.replace(/:.*$/, '')) };
  }
  // `{/a,b}` and `{/a*}` expand to several segments, each with a slash before it.
  const several = operator === '/' && (exploded || variables.includes(','));
  return { lead, stops: several ? '?#' : stops, names: undefined };
}

/** Names of the variables of a template, for its arguments' shapes. */
export const templateVariables = (text: string): string[] =>
  [...text.matchAll(/\{[+#./;?&]?([^{}]{1,256})\}/g)].flatMap((match) =>
    match[1]!.split(',').map((name) => name.replace(/[*:].*$/, '')),
  );

/**
 * What finding out whether a URI matches may cost: characters looked at, one by one.
 * @returns 0 when its literals alone show that it does not
 */
export function matchingCost({ parts }: UriTemplate, uri: string): number {
  if (uri.length > maxUri) return 0;
  const first = parts[0]!.literal;
  const last = parts.at(-1)!.literal;
  if ((first !== undefined && !uri.startsWith(first)) || (last !== undefined && !uri.endsWith(last))) return 0;
  let at = 0;
  for (const { literal } of parts) {
    if (literal === undefined) continue;
    const found = uri.indexOf(literal, at);
    if (found < 0) return 0;
    at = found + literal.length;
  }
  return uri.length * parts.length;
}

/** Whether the URI is one the template may expand to. */
export function matchesTemplate(template: UriTemplate, uri: string): boolean {
  if (matchingCost(template, uri) === 0) return false;
  // Which offsets of the URI the parts so far can end at.
  let ends = new Uint8Array(uri.length + 1);
  ends[0] = 1;
  for (const part of template.parts) {
    const next = new Uint8Array(uri.length + 1);
    const any =
      part.literal === undefined
        ? extend(ends, next, part.expression, uri)
        : follow(ends, next, part.literal, part.failure, uri);
    if (!any) return false;
    ends = next;
  }
  return ends[uri.length] === 1;
}

/** Where a literal ends that begins at one of these offsets: every occurrence is found in one pass (Knuth–Morris–Pratt). */
function follow(ends: Uint8Array, next: Uint8Array, literal: string, failure: Int16Array, uri: string): boolean {
  let any = false;
  let matched = 0;
  for (let i = 0; i < uri.length; i++) {
    while (matched > 0 && uri[i] !== literal[matched]) matched = failure[matched - 1]!;
    if (uri[i] === literal[matched]) matched++;
    if (matched < literal.length) continue;
    if (ends[i + 1 - matched] === 1) {
      next[i + 1] = 1;
      any = true;
    }
    matched = failure[matched - 1]!;
  }
  return any;
}

function failureTable(literal: string): Int16Array {
  const table = new Int16Array(literal.length);
  let matched = 0;
  for (let i = 1; i < literal.length; i++) {
    while (matched > 0 && literal[i] !== literal[matched]) matched = table[matched - 1]!;
    if (literal[i] === literal[matched]) matched++;
    table[i] = matched;
  }
  return table;
}

/** Where an expression ends that begins at one of these offsets. */
function extend(ends: Uint8Array, next: Uint8Array, expression: Expression, uri: string): boolean {
  const { lead, stops, names } = expression;
  if (names !== undefined) return query(ends, next, names, uri);
  let any = false;
  let inside = false;
  for (let i = 0; i <= uri.length; i++) {
    if (inside) {
      next[i] = 1;
      any = true;
    }
    // An expression with a lead leaves no trace where its variables are undefined.
    if (lead !== undefined && ends[i] === 1) {
      next[i] = 1;
      any = true;
    }
    const char = uri[i]!;
    const begins = ends[i] === 1 && (lead === undefined ? !stops.includes(char) : char === lead);
    inside = i < uri.length && (begins || (inside && !stops.includes(char)));
  }
  return any;
}

/** `{?a,b}`: nothing, or what follows the first question mark, as far as its names are the template's. */
function query(ends: Uint8Array, next: Uint8Array, names: readonly string[], uri: string): boolean {
  let any = false;
  for (let i = 0; i <= uri.length; i++) {
    if (ends[i] !== 1) continue;
    next[i] = 1;
    any = true;
  }
  const from = uri.indexOf('?');
  if (from < 0 || ends[from] !== 1) return any;
  const hash = uri.indexOf('#', from);
  const to = hash < 0 ? uri.length : hash;
  for (let at = from + 1; at <= to;) {
    const amp = uri.indexOf('&', at);
    const end = amp < 0 || amp > to ? to : amp;
    if (!names.includes(uri.slice(at, end).split('=', 1)[0]!)) break;
    next[end] = 1;
    at = end + 1;
  }
  return any;
}
