import fc from 'fast-check';

/** White space between tokens. */
export const space = fc.constantFrom('', ' ', '\t', '  ');
const number = fc.constantFrom('0', '-0', '1.0', '1E+2', '12345678901234567890', '0.1e-7', '-9007199254740993');
const string = fc
  .string({ unit: 'grapheme', maxLength: 6 })
  .chain((text) =>
    fc.constantFrom(JSON.stringify(text), `"\\u0065${JSON.stringify(text).slice(1)}`, '"\\"id\\":1,{"', '"é\\\\"'),
  );
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    number,
    string,
    fc.constantFrom('true', 'false', 'null', '{}', '[ ]'),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 3 }), space)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
    fc
      .tuple(
        fc.array(fc.tuple(fc.constantFrom('"id"', '"method"', '"_meta"', '"a"', '"é"'), tie('value')), {
          maxLength: 3,
        }),
        space,
      )
      .map(
        ([members, gap]) =>
          `{${gap}${members.map(([name, member]) => `${name}${gap}:${gap}${member}`).join(`,${gap}`)}${gap}}`,
      ),
  ),
}));

/** JSON as no printer writes it: odd spacing, numbers beyond 2^53, escapes, names that look like an envelope's. */
export const anyJson = value;
