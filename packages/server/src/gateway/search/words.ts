/** What counts as one word: of a camel-cased name each part, of a text each run of letters or of digits. */
const word = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{N}+/gu;
/** Scripts that are written without spaces. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const longestWord = 40;

/**
 * The words of a name or a text in the form in which they are compared: `createPullRequests`, `create_pull_request` and
 * "Creating a pull request" have the same ones. What is written without spaces gives every two neighbouring characters.
 * @param mostCharacters of the text that are read
 * @param mostWords that are given, repeated ones included
 */
export function wordsOf(text: string, mostCharacters: number, mostWords: number): string[] {
  const words: string[] = [];
  for (const [found] of text.slice(0, mostCharacters).normalize('NFKC').matchAll(word)) {
    if (unspaced.test(found)) words.push(...pairs(found));
    else words.push(stem(found.toLowerCase().slice(0, longestWord)));
    if (words.length >= mostWords) return words.slice(0, mostWords);
  }
  return words;
}

function pairs(text: string): string[] {
  const characters = Array.from(text);
  return characters.length === 1 ? characters : characters.slice(1).map((each, i) => `${characters[i]}${each}`);
}

/** Endings of English that change nothing about what is looked for; other languages are compared as they are. */
function stem(plain: string): string {
  if (plain.length > 4 && plain.endsWith('ies')) return `${plain.slice(0, -3)}y`;
  if (plain.length > 5 && plain.endsWith('ing')) return plain.slice(0, -3);
  if (plain.length > 4 && plain.endsWith('ed')) return plain.slice(0, -2);
  const single = plain.length > 3 && /[^isu]s$/.test(plain) ? plain.slice(0, -1) : plain;
  return single.length > 3 && single.endsWith('e') ? single.slice(0, -1) : single;
}
