import type { HostedLine } from '../domain/hosted/logs.ts';
import type { LogLine } from './runtimes/runtime.ts';

/** A shown line has at most so many characters. */
const mostShown = 2_000;
/** The runtime cuts lines at 8 KiB; what reaches that far may end in the middle of a secret. */
const cutFrom = 4_096;
/** Shorter values would blot out half of what is said; nothing this short keeps a secret. */
const shortestSecret = 4;
const blot = '[secret]';

/**
 * Take secrets and control characters out of what a container wrote. A secret is known as it is, line by line, and in
 * base64, hexadecimal and percent encoding, wherever in the encoded text it begins.
 */
export function createLogText(secrets: readonly string[]): (line: LogLine) => HostedLine {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  return ({ at, stream, text }) => {
    const said = unwrap(text, stream);
    return { at, stream: said.stream, text: shorten(blotOut(plain(said.text), forms, text.length >= cutFrom)) };
  };
}

/** @param cut whether the line may end in the middle of a secret */
function blotOut(text: string, forms: readonly string[], cut: boolean): string {
  let clean = text;
  for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, blot);
  if (!cut) return clean;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, clean.length); length >= shortestSecret; length--) {
      if (!clean.endsWith(form.slice(0, length))) continue;
      clean = clean.slice(0, -length) + blot;
      break;
    }
  }
  return clean;
}

function formsOf(secret: string): string[] {
  const whole = [secret, ...secret.split(/[\r\n]+/)];
  const values = [...whole, ...whole.flatMap(partsOf)].filter((value) => value.length >= shortestSecret);
  return values.flatMap((value) => {
    const bytes = Buffer.from(value, 'utf8');
    const texts = [
      value,
      plain(value),
      encodeURIComponent(value),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      JSON.stringify(value).slice(1, -1),
    ];
    for (const encoding of ['base64', 'base64url'] as const) {
      for (const offset of [0, 1, 2]) {
        const coded = Buffer.concat([Buffer.alloc(offset), bytes])
          .toString(encoding)
          .replace(/=+$/, '');
        // Its first and last characters depend on the neighbours, too.
        const from = offset === 0 ? 0 : offset + 1;
        const to = (offset + bytes.length) % 3 === 0 ? coded.length : coded.length - 1;
        texts.push(coded.slice(from, to));
      }
    }
    return texts.filter((text) => text.length >= shortestSecret);
  });
}

const tellingName = /pass|pwd|secret|token|key/i;

/** What in a value is a secret by itself and may be said alone: what a URL carries, and the strings of a document. */
function partsOf(value: string): string[] {
  const user = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(value)?.[1] ?? '';
  const password = user.includes(':') ? [user.slice(user.indexOf(':') + 1)] : [];
  const query = value.includes('://') && value.includes('?') ? value.slice(value.indexOf('?') + 1) : '';
  const named = [...new URLSearchParams(query)].filter(([name]) => tellingName.test(name)).map(([, said]) => said);
  return [...password, ...password.map(decoded), ...named, ...stringsOf(value)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Each also without the scheme of an Authorization header (RFC 9110, section 11.4). */
function stringsOf(value: string): string[] {
  const strings: string[] = [];
  if (!/^\s*[{[]/.test(value)) return strings;
  try {
    JSON.parse(value, (_, member: unknown) => {
      if (typeof member === 'string') strings.push(member, member.replace(/^(?:Bearer|Basic|Token)\s+/i, ''));
      return member;
    });
  } catch {
    // It only looked like a document.
  }
  return strings;
}

/** What the bridge says of the server is the server's own line again. */
function unwrap(text: string, stream: LogLine['stream']): Pick<LogLine, 'stream' | 'text'> {
  if (!text.startsWith('{"level":')) return { stream, text };
  try {
    const { msg, line, ...more } = JSON.parse(text) as Record<string, unknown>;
    if (typeof line === 'string') return { stream: 'stderr', text: line };
    const { level: _, time: __, ...rest } = more;
    const detail = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    return typeof msg === 'string' ? { stream, text: `bridge: ${msg}${detail}` } : { stream, text };
  } catch {
    return { stream, text };
  }
}

/** Without the sequences of ECMA-48 (colours, titles) and without control characters. */
const plain = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g, '')
    // oxlint-disable-next-line no-control-regex -- as above
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

const shorten = (text: string): string => (text.length <= mostShown ? text : `${text.slice(0, mostShown)}…`);
