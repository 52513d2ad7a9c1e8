/** What an upstream's address and credential may be; shared by the schemas and by what runs without them. */

/** RFC 9110 `token`. */
const headerSyntax = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;

/**
 * Headers the gateway builds itself or that steer the connection (RFC 9110 7.6.1, RFC 9112), so that a credential
 * can never change where a message goes, how long it is or what protocol it speaks.
 */
const reserved =
  /^(?:host|cookie|set-cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept|accept-.+|via|date|origin|user-agent|forwarded|x-forwarded-.+|x-real-ip|content-.+|mcp-.+|proxy-.+|sec-.+|traceparent|tracestate|last-event-id)$/;

/** Why a header may not carry a credential, or undefined when it may. */
export function credentialHeaderProblem(name: string): string | undefined {
  if (!headerSyntax.test(name)) return "is not a header name (RFC 9110: letters, digits and !#$%&'*+-.^_`|~)";
  if (reserved.test(name.toLowerCase()))
    return 'is set by the gateway itself or steers the connection; use another header';
  return undefined;
}

/** The value of a header that carries a credential: visible ASCII of 1 to 8192 characters, no space at either end. */
export const headerValueForm = /^[\x21-\x7e](?:[\t\x20-\x7e]{0,8190}[\x21-\x7e])?$/;

/** Characters of a server's address. */
export const mostUrlCharacters = 2048;

/** Why a text cannot be a server's address, or undefined when it can. */
export function serverUrlProblem(text: string): string | undefined {
  if (/[\u0000-\u0020\u007f]/.test(text)) return 'must not contain spaces or control characters';
  if (!URL.canParse(text)) return 'must be a complete URL, e.g. https://mcp.example.com/mcp';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://';
  if (url.username !== '' || url.password !== '')
    return 'must not carry a user name or password; set a credential instead';
  if (text.includes('#')) return 'must not have a fragment (#…)';
  return undefined;
}
