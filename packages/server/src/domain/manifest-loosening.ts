import { toolClasses, type ToolClass } from '@mcpnest/contract/rule-form';
import type { InputIssue } from './errors.ts';
import type { ManifestFacts } from './manifest.ts';
import { unclassified } from './policy/tool-class.ts';

/** What administrators have said of classes of a server's tools. */
export interface ClassRestrictions {
  /** Classes that deny rules or approval settings name: a tool that leaves one is free of them. */
  readonly held: ReadonlySet<ToolClass>;
  /** Classes that allow rules name: a tool that comes into one is allowed by them. */
  readonly granted: ReadonlySet<ToolClass>;
}

/**
 * What a manifest would take away of what holds for its server, in words and by place: a class that gets lower or leaves
 * a rule about classes, an approval, and a limit or narrower visibility that somebody has set by hand. Where this is
 * empty, nobody who could see the server before may do anything that was refused or needed an approval. What is held by
 * hand closer than the manifest says is not taken over either: it would be the team's own then, to be undone next.
 * @param active what the manifest in effect says: what differs from it was set by hand; undefined: none is
 */
export function loosenings(
  present: ManifestFacts,
  wanted: ManifestFacts,
  active: ManifestFacts | undefined,
  restrictions: ClassRestrictions,
): InputIssue[] {
  return [
    ...classesLoosened(present, wanted, active, restrictions),
    ...approvalsLoosened(present, wanted),
    ...limitsLoosened(present, wanted, active),
    ...visibilityLoosened(present, wanted, active),
  ];
}

/** From least to most. */
const rank = (toolClass: ToolClass): number => toolClasses.indexOf(toolClass);

function classesLoosened(
  { tools: before }: ManifestFacts,
  { tools: after }: ManifestFacts,
  active: ManifestFacts | undefined,
  { held, granted }: ClassRestrictions,
): InputIssue[] {
  return named(before, after).flatMap((tool) => {
    const was = of(before, tool)?.access;
    const old = was ?? unclassified;
    const next = of(after, tool)?.access ?? unclassified;
    const path = `tools.${tool}.access`;
    // What nobody has classified may be called what it is; only rules about classes are in the way then.
    if (was !== undefined && rank(next) < rank(old)) return [{ path, message: `is ${old} and would be ${next}` }];
    const said = active === undefined ? old : (of(active.tools, tool)?.access ?? unclassified);
    if (was !== undefined && rank(old) > rank(said)) return [{ path, message: taken(`it is ${old}`) }];
    if (old === next) return [];
    if (held.has(old)) return [{ path, message: `would leave the class ${old}, which rules or approvals are about` }];
    if (granted.has(next)) return [{ path, message: `would come into the class ${next}, which rules allow` }];
    return [];
  });
}

const approvalsLoosened = ({ tools: before }: ManifestFacts, { tools: after }: ManifestFacts): InputIssue[] =>
  named(before, after)
    .filter((tool) => of(before, tool)?.approval === 'required' && of(after, tool)?.approval !== 'required')
    .map((tool) => ({ path: `tools.${tool}.approval`, message: 'calls need an approval and would need none' }));

function limitsLoosened(
  { limits: before }: ManifestFacts,
  { limits: after }: ManifestFacts,
  active: ManifestFacts | undefined,
): InputIssue[] {
  return (['per_user_rpm', 'per_tool_rpm'] as const).flatMap((name) => {
    const [now, said, next] = [before[name], active?.limits[name], after[name]];
    if (now === undefined || now === said) return [];
    const path = `limits.${name}`;
    if (next === undefined || next > now) {
      const would = `it would be ${next ?? 'without a limit'}`;
      return [{ path, message: `an administrator has set ${now} a minute, and ${would}` }];
    }
    return said === undefined || said > now ? [{ path, message: taken(`there are ${now} a minute`) }] : [];
  });
}

function visibilityLoosened(
  { visibility: before }: ManifestFacts,
  { visibility: after }: ManifestFacts,
  active: ManifestFacts | undefined,
): InputIssue[] {
  const everybody = before.includes('workspace');
  const said = active?.visibility ?? [];
  if (everybody || sameNames(before, said)) return [];
  const path = 'visibility';
  if (!after.every((name) => before.includes(name)))
    return [{ path, message: 'an administrator has narrowed who may see it, and more would' }];
  const narrowed = active === undefined || !said.every((name) => before.includes(name));
  return narrowed ? [{ path, message: taken('fewer may see it') }] : [];
}

/** What an administrator decided, as the manifest's own. */
const taken = (what: string): string =>
  `an administrator has decided that ${what}, and it would be the manifest's own from now on`;

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));

type Tools = ManifestFacts['tools'];

/** Names come from outside, and may be those of an object's own members. */
const of = (tools: Tools, tool: string): Tools[string] | undefined =>
  Object.hasOwn(tools, tool) ? tools[tool] : undefined;

const named = (before: Tools, after: Tools): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
