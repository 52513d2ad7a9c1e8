/**
 * Ask a running bridge whether it serves.
 * @returns false for anything but a 200 in time
 */
export async function isHealthy({ host, port }: { host: string; port: number }, timeoutMs = 3000): Promise<boolean> {
  // An address that stands for all of them is reached over loopback.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  try {
    const response = await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
