import { objectForm, objectLimits, toolClasses, type ToolClass } from '@mcpnest/contract/rule-form';

/** What a rule is about, within the servers it names. */
export type RuleTarget =
  /** All a server offers: tools, prompts, resources and what its extensions add. */
  | { readonly kind: 'everything' }
  /** Tools by the server's own name of them, with `*` for any run of characters. */
  | { readonly kind: 'tools'; readonly pattern: string }
  | { readonly kind: 'class'; readonly toolClass: ToolClass }
  | { readonly kind: 'prompts' }
  | { readonly kind: 'resources' };

export interface RuleObject {
  /** A slug, or `*` for every server. */
  readonly server: string;
  readonly target: RuleTarget;
}

/**
 * Read the object of a rule: `server` (everything of it), `server:tool` (an exact name, or a pattern with `*`),
 * `server:@read`, `@write` or `@destructive` (a class of tools), `server:@prompts`, `server:@resources`; `*` in place
 * of the server means all of them. A tool whose name begins with `@` is reached with a pattern: `server:*@name`.
 * @returns undefined for text that is none
 */
export function parseRuleObject(text: string): RuleObject | undefined {
  if (text.length > objectLimits.length || !objectForm.test(text)) return undefined;
  const at = text.indexOf(':');
  const server = at === -1 ? text : text.slice(0, at);
  const target = parseTarget(at === -1 ? undefined : text.slice(at + 1));
  return target === undefined ? undefined : { server, target };
}

function parseTarget(text: string | undefined): RuleTarget | undefined {
  if (text === undefined) return { kind: 'everything' };
  if (!text.startsWith('@')) {
    return text.split('*').length - 1 <= objectLimits.stars ? { kind: 'tools', pattern: text } : undefined;
  }
  const word = text.slice(1);
  if (word === 'prompts' || word === 'resources') return { kind: word };
  const toolClass = toolClasses.find((known) => known === word);
  return toolClass === undefined ? undefined : { kind: 'class', toolClass };
}
