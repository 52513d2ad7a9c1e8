/** Names by which a variable reaches loaders, interpreters, package managers and proxies instead of the server. */
const patterns = [
  /^(?:LD|DYLD|NODE|NPM_CONFIG|PYTHON|GIT|BASH|RUBY|PERL|JAVA|_JAVA|JDK|GLIBC|MALLOC|GCONV|LOCPATH|TSX|BUN|DENO)(?:_|$)/,
  /^(?:PYTHON|PERL|RUBY|GIT|BASH)/,
  /_PROXY$/,
  /^MCP_(?:BRIDGE_|ENV_|COMMAND$)/,
  /^(?:PATH|HOME|IFS|ENV|SHELL|SHELLOPTS|PS4|PROMPT_COMMAND|CDPATH|TMPDIR|HOSTALIASES|RESOLV_HOST_CONF|LOCALDOMAIN|RES_OPTIONS|NLSPATH|OPENSSL_CONF|OPENSSL_MODULES|SSL_CERT_FILE|SSL_CERT_DIR|SSLKEYLOGFILE|GETCONF_DIR|CLASSPATH|EDITOR|PAGER)$/,
];

/**
 * Whether a variable could shape how programs are loaded or which way they connect, rather than what a server does.
 * No entry may declare one. Letter case does not count: npm and proxies read both.
 */
export function isLoaderVariable(name: string): boolean {
  const upper = name.toUpperCase();
  return patterns.some((pattern) => pattern.test(upper));
}
