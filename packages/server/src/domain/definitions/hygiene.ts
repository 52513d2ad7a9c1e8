import { mostToolName } from '@mcpnest/contract/schemas/pins';
import type { NamedTool } from './look-alike.ts';
import { codePoint, hiddenCharacters, visibleText } from './visible-text.ts';

/** What somebody who reviews a definition should look at twice. Warnings: none of them keeps a tool back by itself. */
export interface DefinitionFlag {
  readonly code:
    | 'hidden_characters'
    | 'oversized_name'
    | 'oversized_text'
    | 'oversized_schema'
    | 'instructions'
    | 'names_secrets'
    | 'look_alike';
  /** Fit to be printed anywhere. */
  readonly message: string;
}

/** Bytes. Descriptions are text for a model; longer than this, nobody reads them. */
const mostText = 8 * 1024;
const mostSchema = 32 * 1024;
/** Words of ordinary descriptions rarely meet like this; those that tell a model what to do do. */
const instructions: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules?|messages?|context|guidelines|policies)\b/,
  /\b(?:do not|don['’]t|never|without)\b.{0,20}\b(?:tell|telling|mention|mentioning|inform|informing|notify|notifying|alert|ask|asking)\b.{0,30}\b(?:user|human|anyone|anybody|person|operator)\b/,
  /<\s*\/?\s*(?:important|system|secret|instructions?|hidden|critical)\s*>/,
  /\b(?:before|instead of|prior to|after) (?:using|calling|invoking|running|every|any) (?:this|any|any other|other|the|all)?\s?(?:other )?tools?\b/,
  /\b(?:system prompt|conversation history|chat history|previous (?:messages|conversation))\b/,
  /\b(?:bcc|forward|exfiltrate)\b.{0,40}\b(?:to|at)\b.{0,40}@/,
];
const secrets = /\.ssh\b|\bid_(?:rsa|ed25519)\b|\.aws\/credentials|\/etc\/(?:passwd|shadow)\b|\bmcp\.json\b|\.env\b/;
/** Places named of one flag. */
const mostPlaces = 5;

interface Text {
  readonly place: string;
  readonly text: string;
}

/**
 * What is odd about the text of a definition.
 * @param definition as parsed from its canonical text
 * @param alike tools whose name looks like this one's
 */
export function flagsOf(definition: unknown, alike: readonly NamedTool[] = []): DefinitionFlag[] {
  const texts = textsOf(definition, '');
  return [
    ...nameFlags(definition),
    ...hiddenFlags(texts),
    ...textFlags(
      texts,
      'oversized_text',
      ({ text }) => Buffer.byteLength(text) > mostText,
      `longer than ${mostText} bytes`,
    ),
    ...schemaFlags(definition),
    ...textFlags(texts, 'instructions', isInstructing, 'reads like instructions to a model'),
    ...textFlags(
      texts,
      'names_secrets',
      ({ text }) => secrets.test(text.toLowerCase()),
      'names files that hold secrets',
    ),
    ...alikeFlags(alike),
  ];
}

function nameFlags(definition: unknown): DefinitionFlag[] {
  const name = isObject(definition) ? definition['name'] : undefined;
  if (typeof name !== 'string' || name.length <= mostToolName) return [];
  return [
    {
      code: 'oversized_name',
      message: `name: ${name.length} characters; with more than ${mostToolName} it cannot be approved`,
    },
  ];
}

function hiddenFlags(texts: readonly Text[]): DefinitionFlag[] {
  return texts
    .map(({ place, text }) => ({ place, chars: hiddenCharacters(text) }))
    .filter(({ chars }) => chars.length > 0)
    .slice(0, mostPlaces)
    .map(({ place, chars }) => {
      const kinds = [...new Set(chars.map(codePoint))];
      const named = kinds.slice(0, 8).join(', ') + (kinds.length > 8 ? ', …' : '');
      const said = tagged(chars);
      return {
        code: 'hidden_characters',
        message: `${place}: ${chars.length} characters nobody sees (${named})${said === '' ? '' : `, which spell "${said}"`}`,
      };
    });
}

/** Tag characters are ASCII that is not shown; a model may read it. */
const tagged = (chars: readonly string[]): string =>
  chars
    .map((char) => char.codePointAt(0)! - 0xe0000)
    .filter((code) => code >= 0x20 && code < 0x7f)
    .slice(0, 200)
    .map((code) => String.fromCharCode(code))
    .join('');

function isInstructing({ text }: Text): boolean {
  const plain = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/g, ' ')
    .toLowerCase();
  return instructions.some((phrase) => phrase.test(plain));
}

function textFlags(
  texts: readonly Text[],
  code: DefinitionFlag['code'],
  is: (text: Text) => boolean,
  said: string,
): DefinitionFlag[] {
  const places = texts.filter(is).map(({ place }) => place);
  if (places.length === 0) return [];
  const named = places.slice(0, mostPlaces).join(', ') + (places.length > mostPlaces ? ', …' : '');
  return [{ code, message: `${named}: ${said}` }];
}

function schemaFlags(definition: unknown): DefinitionFlag[] {
  return ['inputSchema', 'outputSchema'].flatMap((key): DefinitionFlag[] => {
    const schema = isObject(definition) && Object.hasOwn(definition, key) ? definition[key] : undefined;
    const bytes = schema === undefined ? 0 : Buffer.byteLength(JSON.stringify(schema));
    return bytes > mostSchema ? [{ code: 'oversized_schema', message: `${key}: ${bytes} bytes` }] : [];
  });
}

function alikeFlags(alike: readonly NamedTool[]): DefinitionFlag[] {
  if (alike.length === 0) return [];
  const named = alike.slice(0, mostPlaces).map(({ server, tool }) => `${server}:${visibleText(tool.slice(0, 200))}`);
  return [
    { code: 'look_alike', message: `name: looks like ${named.join(', ')}${alike.length > mostPlaces ? ', …' : ''}` },
  ];
}

/** Every text of a value with the place it stands at, names of members included: a model reads those, too. */
function textsOf(value: unknown, place: string): Text[] {
  if (typeof value === 'string') return [{ place: place === '' ? 'definition' : place, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, `${place}[${index}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const at = `${place}${place === '' ? '' : '.'}${visibleText(key.slice(0, 60))}`;
    return [{ place: at, text: key }, ...textsOf(member, at)];
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
