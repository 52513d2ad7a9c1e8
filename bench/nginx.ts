import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startProcess, type StartedProcess } from './processes.ts';

const binary = '/usr/sbin/nginx';

/**
 * Makes sure nginx is there: as root on Debian the package is installed, elsewhere the words say what to do.
 * Gives undefined when it is there, else why it is not.
 */
export function ensureNginx(tell: (line: string) => void): string | undefined {
  if (existsSync(binary)) return undefined;
  const remedy = 'install it (Debian: apt-get install nginx-light) to compare with it';
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return `nginx is not at ${binary}; ${remedy}`;
  }
  tell('nginx is missing: installing Debian package nginx-light …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', 'nginx-light'];
  // RUNLEVEL keeps the package from starting a server of its own on port 80.
  const apt = (args: string[]): number | null =>
    spawnSync('apt-get', args, { env: { ...env, RUNLEVEL: '1' }, stdio: 'ignore', timeout: 120_000 }).status;
  if (apt(install) !== 0) {
    apt(['update']);
    apt(install);
  }
  return existsSync(binary) ? undefined : `apt-get could not install nginx-light; ${remedy}`;
}

/** The version as nginx tells it, e.g. `1.22.1`. */
export const nginxVersion = (): string =>
  /nginx\/(\S+)/.exec(spawnSync(binary, ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? 'unknown';

/** Starts nginx as a plain reverse proxy: one worker, keep-alive on both sides, no access log, nothing on disk. */
export async function startNginx(
  folder: string,
  upstreamPort: number,
  core: number | undefined,
): Promise<{ process: StartedProcess; url: string }> {
  const home = mkdtempSync(join(folder, 'nginx-'));
  // Its worker runs as another user and must be able to pass through to its temporary folders.
  for (const path of [folder, home]) chmodSync(path, 0o711);
  const port = await freePort();
  const file = join(home, 'nginx.conf');
  writeFileSync(file, configuration(home, port, upstreamPort));
  const process = startProcess(folder, { name: 'nginx', command: binary, args: ['-c', file, '-p', home], core });
  return { process, url: `http://127.0.0.1:${port}/mcp` };
}

const configuration = (home: string, port: number, upstreamPort: number): string => `
daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log ${home}/error.log crit;
events { worker_connections 1024; multi_accept on; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 120s;
  keepalive_requests 1000000000;
  client_body_buffer_size 128k;
  proxy_max_temp_file_size 0;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  upstream mcp {
    server 127.0.0.1:${upstreamPort};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;

/** A loopback port free at this moment; for programs that cannot choose one themselves. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
