import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/** Memory in KiB, passes and lanes: the first of what the OWASP password storage cheat sheet asks of argon2id. */
const cost = { m: 19_456, t: 2, p: 1 };
const saltBytes = 16;
const tagBytes = 32;

const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Hash a password for storing (argon2id, RFC 9106), away from the main thread. @returns a PHC string */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const tag = await derive(password, salt, cost, tagBytes);
  return `$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$${base64(salt)}$${base64(tag)}`;
}

/** Whether a password is the one a PHC string was made of. What cannot be read is nobody's password. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, m, t, p, salt, tag] = form.exec(stored) ?? [];
  if (tag === undefined) return false;
  const expected = Buffer.from(tag, 'base64');
  const settings = { m: Number(m), t: Number(t), p: Number(p) };
  const found = await derive(password, Buffer.from(salt!, 'base64'), settings, expected.length);
  return timingSafeEqual(found, expected);
}

/** Whether a stored hash was made with other settings than today's, and is to be made again at the next sign-in. */
export const isOutdated = (stored: string): boolean =>
  !stored.startsWith(`$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$`);

/** Compared as people see it: the same letters typed on two machines may be other code points (NIST SP 800-63B). */
const bytesOf = (password: string): Buffer => Buffer.from(password.normalize('NFKC'), 'utf8');

const derive = (password: string, nonce: Buffer, { m, t, p }: typeof cost, tagLength: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const settings = { message: bytesOf(password), nonce, memory: m, passes: t, parallelism: p, tagLength };
    argon2('argon2id', settings, (error, tag) => (error === null ? resolve(tag) : reject(error)));
  });

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

/** Those of twelve characters and more that lists of leaked passwords begin with. */
const commonest: ReadonlySet<string> = new Set(
  `123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 123456123456 123123123123 121212121212
   112233445566 987654321098 098765432109 0123456789012 qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyqwerty qwerty123456
   qwerty1234567 qwerty12345678 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv qazwsxedcrfv zaq12wsxcde3
   asdfghjkl123 asdfghjkl;' asdfasdfasdf zxcvbnm12345 zxcvbnmasdfghjkl passwordpassword password1234 password12345
   password123456 password123! password1234! passw0rd1234 p@ssw0rd1234 p@ssword1234 password2024 password2025 password2026
   iloveyou1234 iloveyou12345 iloveyouforever iloveyousomuch adminadmin12 administrator administrator1 administrator123
   adminpassword admin123456789 admin1234567 welcome12345 welcome123456 welcome1234! letmein12345 letmeinplease
   changeme1234 changemeplease changemenow1 changethispassword default12345 mypassword12 mypassword123 mysecretpassword
   secretpassword supersecret12 supersecretpassword trustno1trustno1 football1234 baseball1234 princess1234 sunshine1234
   superman1234 dragon123456 monkey123456 abcdefghijkl abcdefghijklm abcdefghijklmnop abcd12345678 abc123abc123 abcabcabcabc
   a1b2c3d4e5f6 aa1234567890 correcthorsebatterystaple testtesttest test12345678
   mcpnestmcpnest mcpnestpassword mcpnest12345 mcpnest123456 unknownunknown qwertyuiopasdf qwertyuiopasdfghjkl`
    .split(/\n\s*/)
    .flatMap((line) => line.split(' ')),
);

/**
 * Why a password that is long enough is refused all the same: it is among the first that anybody tries.
 * @param own what belongs to the person, as their email address
 */
export function passwordProblem(password: string, own: readonly string[]): string | undefined {
  const plain = password.normalize('NFKC').toLowerCase();
  if (commonest.has(plain) || new Set(plain).size < 4) return 'is one of the first that anybody tries; choose another';
  if (own.some((text) => text.toLowerCase() === plain)) return 'is your name or address; choose another';
  return undefined;
}
