/** Why a text is taken for a secret: it begins as keys of a known maker do, its name says so, or it looks random. */
export type SecretReason = 'prefix' | 'name' | 'random';

/** How keys of well-known makers begin. */
const prefixes =
  /^(?:mng_|mnk_|mni_|sk-|sk_|rk_live_|pk_live_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|xapp-|AKIA|ASIA|AIza|ya29\.|eyJ[\w-]{10}|npm_|hf_|SG\.|dop_v1_|lin_api_|figd_|ntn_|secret_|pplx-|tvly-|fc-|r8_|gsk_|xai-|shpat_|sq0|EAA[A-Z]|ATATT|dckr_pat_|pypi-|whsec_|-----BEGIN)/;
const telling =
  /(?:^|[^a-z])(?:pat|pwd|jwt|bearer|cookie)(?:$|[^a-z])|token|secret|passw|passphrase|api[-_]?key|auth|credential|private[-_]?key|access[-_]?key|signature|(?:^|[-_.])key$/i;
/** Fields whose names sound so and which hold none. */
const harmless =
  /^(?:authority|auth[-_]?(?:type|mode|method|url|enabled)|.*token[-_]?(?:limit|count|url|type)|max.*tokens?)$/i;
const scheme = /^(?:Bearer|Basic|Token|ApiKey)\s+/i;
/** `${VAR}`, `$VAR`, `{env:VAR}`, `${{ secrets.VAR }}`, `%VAR%` and what a person is to fill in. */
const reference =
  /^(?:\$\{\{?[^}]{1,200}\}?\}|\$[A-Za-z_]\w*|\{(?:env|file):[^}]{1,200}\}|%\w+%|<[^>]{1,100}>|\*+|x{3,}|YOUR[-_ ].*|\.\.\.|…|changeme)$/i;

/** Whether a value only says where the real one is, or that one is missing. */
export const isReference = (value: string): boolean => reference.test(value.replace(scheme, '').trim());

/**
 * Whether a value is a secret, told by its name and by itself.
 * @param name of the header, variable, option or member it stands in
 */
export function secretReason(name: string, value: string): SecretReason | undefined {
  const bare = value.replace(scheme, '').trim();
  if (bare === '' || isReference(value)) return undefined;
  if (prefixes.test(bare)) return 'prefix';
  if (telling.test(name) && !harmless.test(name) && !/^(?:true|false|none|\d{1,4})$/i.test(bare)) return 'name';
  return looksRandom(bare) ? 'random' : undefined;
}

/** Letters and digits mixed as no word or path is. Shannon entropy over the characters, bits each. */
function looksRandom(text: string): boolean {
  if (text.length < 20 || text.length > 4_096 || !/^[\w+/=.~-]+$/.test(text)) return false;
  if (!/\d/.test(text) || !/[A-Za-z]/.test(text) || /^[./~]|\/\/|(?:^|\/)\w+\.\w{1,4}$/.test(text)) return false;
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const bits = [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
  const hexadecimal = /^[0-9a-f]+$/i.test(text);
  return hexadecimal ? text.length >= 32 && bits > 3 : bits > 3.8;
}

/** A secret as it may be shown: its maker's prefix and its last four characters, if it is long enough to spare them. */
export function maskSecret(value: string): string {
  const word = scheme.exec(value)?.[0] ?? '';
  const bare = value.slice(word.length).trim();
  const known = prefixes.exec(bare)?.[0] ?? '';
  const spare = bare.length >= known.length + 16;
  return `${word}${spare ? known.slice(0, 6) : ''}…${spare ? bare.slice(-4) : ''}`;
}

/** A text with these secrets, and all that begin as known keys do, masked. The longest first, since one may hold another. */
export function maskIn(text: string, secrets: Iterable<string>): string {
  const known =
    /\b(?:mn[gki]_[0-9a-f]{48}|sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,})/g;
  return [...secrets]
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, maskSecret(secret)), text)
    .replace(known, maskSecret);
}
