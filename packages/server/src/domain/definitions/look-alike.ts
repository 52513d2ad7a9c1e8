/**
 * Names that a reader takes for one another. A subset of the confusables of UTS 39, for the letters and digits that
 * names of tools are made of; `i`, `l` and `1` count as one, as do `o` and `0`.
 */
const confusable: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аɑα',
    b: 'ьƅ',
    c: 'сϲⅽ',
    d: 'ԁⅾ',
    e: 'еҽєε',
    g: 'ɡց',
    h: 'һհ',
    i: 'l1|іıιӏɩ׀ⅼ',
    j: 'јϳ',
    k: 'кκ',
    m: 'мⅿ',
    n: 'пոη',
    o: '0оοօσ',
    p: 'рρ',
    q: 'ԛգ',
    r: 'гᴦ',
    s: 'ѕꜱ',
    t: 'тτ',
    u: 'սυ',
    v: 'ѵνⅴ',
    w: 'ԝωѡ',
    x: 'хχⅹ',
    y: 'уγү',
    z: 'ᴢ',
    '-': '‐‑‒–—−',
  }).flatMap(([plain, others]) => Array.from(others, (other) => [other, plain] as const)),
);

/** Equal for names that look alike: compatibility forms, case, accents, hidden characters and confusables set aside. */
export function skeleton(name: string): string {
  const bare = name
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\p{M}\p{Cc}\p{Cf}]/gu, '');
  const plain = Array.from(bare, (char) => confusable.get(char) ?? char).join('');
  return plain.replaceAll('rn', 'm').replaceAll('vv', 'w');
}

/** A tool by its server's slug and the server's own name of it. */
export interface NamedTool {
  readonly server: string;
  readonly tool: string;
}

/** Of every name that looks like another one, the tools that have such another name. */
export function lookAlikes(tools: readonly NamedTool[]): Map<string, readonly NamedTool[]> {
  const found = new Map<string, readonly NamedTool[]>();
  for (const group of Map.groupBy(tools, ({ tool }) => skeleton(tool)).values()) {
    const names = new Set(group.map(({ tool }) => tool));
    if (names.size < 2) continue;
    for (const name of names)
      found.set(
        name,
        group.filter(({ tool }) => tool !== name),
      );
  }
  return found;
}
