/**
 * Variables that change what a program loads, how it is interpreted, where its traffic goes or how this bridge works.
 * No entry declares one (its test sees to that); were one declared all the same, nobody could set it.
 */
const forbidden: readonly RegExp[] = [
  /^(?:NODE|LD|DYLD|PYTHON|PERL5?|RUBY|JAVA|JDK|LUA|BUN|DENO|GCONV|MALLOC|GLIBC)_/,
  /^(?:NODE|PYTHON|PERL5|RUBY)[A-Z]*(?:OPT|OPTIONS|PATH|LIB|HOME|STARTUP)$/,
  /^(?:NPM|YARN|PNPM|PIP|UV|GIT|SSL|OPENSSL|SSH|MCP|MCPNEST|DOCKER)_/,
  /_PROXY$/,
  /^(?:PATH|HOME|SHELL|ENV|BASH_ENV|IFS|PS4|CDPATH|SHELLOPTS|BASHOPTS|TMPDIR|PROMPT_COMMAND|LOCPATH|HOSTALIASES)$/,
  /^(?:EDITOR|VISUAL|PAGER|BROWSER|CLASSPATH|_JAVA_OPTIONS|LOCALDOMAIN|RES_OPTIONS|NLSPATH)$/,
  /^(?:UV_THREADPOOL_SIZE|FORCE_COLOR|DEBUG)$/,
];

/** Whether a variable of this name may never be set for a hosted server, in any case of letters. */
export const isForbiddenKey = (key: string): boolean => {
  const upper = key.toUpperCase();
  return forbidden.some((pattern) => pattern.test(upper));
};
