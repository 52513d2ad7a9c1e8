/**
 * What is not seen or changes how its neighbours are seen: controls, format characters (zero-width, bidi, tags),
 * surrogates that stand alone, private use, separators, variation selectors but those of emoji, and blank letters.
 */
const classes = [
  ...['Cc', 'Cf', 'Cs', 'Co', 'Zl', 'Zp'].map((name) => `\\p{${name}}`),
  ...['FE00}-\\u{FE0D', 'E0100}-\\u{E01EF', '034F', '115F', '1160', '17B4', '17B5', '2800', '3164', 'FFA0'].map(
    (code) => `\\u{${code}}`,
  ),
].join('');
const unseen = new RegExp(`[${classes}]`, 'u');

const allUnseen = new RegExp(unseen, 'gu');

/** `U+202E` of a character. */
export const codePoint = (char: string): string =>
  `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

/** Text from outside as it may be printed anywhere: what is not seen is written as `<U+202E>`, a line break as `⏎`. */
export const visibleText = (text: string): string =>
  text.replace(allUnseen, (char) => (char === '\n' ? '⏎' : `<${codePoint(char)}>`));

/** The characters of a text that nobody sees. Line breaks, tabs and the joiners of emoji and variation are not meant. */
export function hiddenCharacters(text: string): string[] {
  if (!unseen.test(text)) return [];
  const found: string[] = [];
  let before = '';
  for (const char of text) {
    const joins = char === '\u200D' && /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]/u.test(before);
    if (unseen.test(char) && !/[\t\n\r]/.test(char) && !joins) found.push(char);
    before = char;
  }
  return found;
}
