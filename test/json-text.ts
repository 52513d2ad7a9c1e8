import fc from 'fast-check';

/**
 * Texts of JSON values as no serialiser of ours would write them: spaces anywhere, numbers in odd forms and beyond
 * 2^53, strings with needless escapes. Whatever passes such a text on must not have parsed and written it anew.
 * @param loose also what a strict reader refuses and the grammar allows: NUL and lone surrogates, escaped
 */
export function jsonText(loose: boolean): fc.Arbitrary<string> {
  const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, number, string(loose), literal, tie('list'), tie('object')),
    list: fc.array(spaced(tie('value')), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    object: members(loose, tie('value')).map((all) => objectText(all)),
  }));
  return value;
}

/** A member of an object: the texts of its name and value. */
export type MemberText = readonly [name: string, value: string];

/** Members with distinct names, none of them one of those that mean something. */
export const members = (
  loose: boolean,
  value: fc.Arbitrary<string>,
  reserved: readonly string[] = [],
): fc.Arbitrary<MemberText[]> =>
  fc
    .uniqueArray(fc.tuple(string(loose), spaced(value)), {
      maxLength: 4,
      selector: ([name]) => {
        const read = nameOf(name).toLowerCase();
        return reserved.includes(read) ? '' : `${read}!`;
      },
    })
    .map((all) => all.filter(([name]) => !reserved.includes(nameOf(name).toLowerCase())));

const nameOf = (text: string): string => JSON.parse(text) as string;

/** The text of an object, its members in this order. */
export const objectText = (all: readonly MemberText[]): string =>
  `{${all.map(([name, value]) => `${name}:${value}`).join(',')}}`;

/** A value as deep as this inside lists, one in the other. */
export const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 });
export const spaced = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(space, text, space).map((parts) => parts.join(''));

const literal = fc.constantFrom('null', 'true', 'false', '{}', '[]', '{ }', '""');

const number = fc.oneof(
  fc.constantFrom('0', '-0', '1.0', '-1.10', '1E400', '1e-400', '0.10e+05', '9007199254740993', '-9007199254740993'),
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

const character = fc.oneof(
  fc.constantFrom('\\u0041', '\\/', '\\n', '\\"', '\\\\', '\\ud83e\\udd8a', '\\u00E9', '\\u2028'),
  fc.constantFrom('\u2028', 'é', '🦊', '第', '\u007f', '\ufeff', '/'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).map((text) => JSON.stringify(text).slice(1, -1)),
);
const string = (loose: boolean): fc.Arbitrary<string> => {
  const any = loose ? fc.oneof({ arbitrary: character, weight: 9 }, fc.constantFrom('\\u0000', '\\ud800')) : character;
  return fc.array(any, { maxLength: 8 }).map((characters) => `"${characters.join('')}"`);
};
