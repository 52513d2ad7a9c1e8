/**
 * What is not seen or changes how its neighbours are seen: controls, format characters (zero-width, bidi, tags),
 * surrogates that stand alone, private use, separators, variation selectors but those of emoji, and blank letters.
 */
const unseen =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u{FE00}-\u{FE0D}\u{E0100}-\u{E01EF}\u{034F}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{2800}\u{3164}\u{FFA0}]/u;

const allUnseen = new RegExp(unseen.source, 'gu');

/** `U+202E` of a character. */
export const codePoint = (char: string): string =>
  `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

/** Text from outside as it may be printed anywhere: what is not seen is written as `<U+202E>`, a line break as `⏎`. */
export const visibleText = (text: string): string =>
  text.replace(allUnseen, (char) => (char === '\n' ? '⏎' : `<${codePoint(char)}>`));

/** The characters of a text that nobody sees. Line breaks, tabs and the joiners of emoji and variation are not meant. */
export function hiddenCharacters(text: string): string[] {
  const found: string[] = [];
  let before = '';
  for (const char of text) {
    const joins = char === '\u200D' && /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]/u.test(before);
    if (unseen.test(char) && !/[\t\n\r]/.test(char) && !joins) found.push(char);
    before = char;
  }
  return found;
}
