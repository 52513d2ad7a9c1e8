/**
 * Where the console is opened. A passkey belongs to a name, and 127.0.0.1 is none; on this machine localhost is the
 * same server.
 * @param path begins with a slash
 */
export function consoleUrl(publicUrl: string, path: string): string {
  const url = new URL(publicUrl);
  if (url.hostname === '127.0.0.1') url.hostname = 'localhost';
  return url.origin + path;
}
