/** A command line that cannot be split, with the reason. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

const blank = /[ \t\n]/;

/**
 * Split a command line into words by the quoting rules of POSIX shells (XCU 2.2), without a shell: single quotes keep
 * everything; double quotes keep all but a backslash before `"`, `\`, `$`, backquote and line break; elsewhere a
 * backslash keeps the next character. Nothing is expanded, and `;`, `|`, `>`, `*` and `#` are characters like others.
 * @throws CommandLineError for an unterminated quote and a backslash at the end
 */
export function splitCommandLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const char = line[at]!;
    if (blank.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    word ??= '';
    if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw new CommandLineError(`the single quote at character ${at + 1} is never closed`);
      word += line.slice(at + 1, end);
      at = end + 1;
    } else if (char === '"') {
      const quoted = doubleQuoted(line, at);
      word += quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      if (at + 1 === line.length) throw new CommandLineError('the backslash at the end has nothing to keep');
      if (line[at + 1] !== '\n') word += line[at + 1]!;
      at += 2;
    } else {
      word += char;
      at++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function doubleQuoted(line: string, opening: number): { text: string; end: number } {
  let text = '';
  for (let at = opening + 1; at < line.length; at++) {
    const char = line[at]!;
    if (char === '"') return { text, end: at + 1 };
    const next = line[at + 1];
    if (char !== '\\' || next === undefined || !'"\\$`\n'.includes(next)) text += char;
    else {
      at++;
      if (next !== '\n') text += next;
    }
  }
  throw new CommandLineError(`the double quote at character ${opening + 1} is never closed`);
}
