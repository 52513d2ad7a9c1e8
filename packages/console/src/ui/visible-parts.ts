/** A piece of a text: shown as it is, or a stand-in for a character nobody would see. */
export interface VisiblePart {
  readonly text: string;
  readonly hidden: boolean;
  /** What the stand-in stands for. */
  readonly name?: string;
}

/**
 * Controls but line breaks and tabs, format characters (bidi marks, zero widths, tags), private use, lone surrogates,
 * and the fillers and selectors that draw nothing (Unicode Technical Standard #39).
 */
const invisible = new RegExp(
  [
    '[\\p{Cf}\\p{Co}\\p{Cs}\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u115f\\u1160\\u2028\\u2029\\u3164\\uffa0]',
    '[\\u034f\\u17b4\\u17b5\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]',
  ].join('|'),
  'gu',
);

/** Split a text so that every character in it can be seen. */
export function visibleParts(text: string): VisiblePart[] {
  const parts: VisiblePart[] = [];
  let from = 0;
  for (const match of text.matchAll(invisible)) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index), hidden: false });
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    parts.push({ text: `U+${code}`, hidden: true, name: `invisible character U+${code}` });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), hidden: false });
  return parts;
}
