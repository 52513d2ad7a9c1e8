import { describe, expect, it } from 'vitest';
import { isPublicName, reachRefusal } from './hosted-reach.ts';

const refusal = (host: string, opened: boolean, encrypted = true): string | null =>
  reachRefusal({ variable: 'DSN', host, port: 5432, encrypted }, opened);

describe('[ORC-04] what a hosted server may reach', () => {
  it.each(['127.0.0.1', '0.0.0.0', '169.254.169.254', '198.18.0.3', '224.0.0.1', 'localhost', 'db.localhost'])(
    'never %s, opened or not',
    (host) => {
      expect(refusal(host, true)).toContain('inside a container');
      expect(refusal(host, false)).toContain('inside a container');
    },
  );

  it.each(['10.0.0.5', '192.168.1.5', '100.64.0.1', '172.17.0.1', '203.0.113.5'])('%s once it is opened', (host) => {
    expect(refusal(host, false)).toContain(`mcpnest network allow ${host}:5432`);
    expect(refusal(host, true, false)).toBeNull();
  });

  it('what is public with TLS, and without once it is opened', () => {
    for (const host of ['8.8.8.8', 'db.example.com']) {
      expect(refusal(host, false)).toBeNull();
      expect(refusal(host, false, false)).toContain('sslmode=require');
      expect(refusal(host, true, false)).toBeNull();
    }
  });

  it('a name is public when one of its IPv4 addresses is', () => {
    expect(isPublicName(['10.0.0.1', '8.8.8.8'])).toBe(true);
    for (const addresses of [[], ['10.0.0.1'], ['2606:4700::1']]) expect(isPublicName(addresses)).toBe(false);
  });
});
