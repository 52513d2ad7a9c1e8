/** Why an exchange with a server failed, and what to do about it. */
export interface FaultWords {
  readonly says: string;
  readonly remedy: string;
}

const busy = 'It is tried again by itself; nothing needs to be done unless it stays so.';

/** By the class that health and call records have; in the order of the gateway's own table. */
const words: Readonly<Record<string, FaultWords>> = {
  address_refused: {
    says: 'Its address is not open to this gateway.',
    remedy: 'It is a private or loopback address. An owner of the instance opens exactly this host and port.',
  },
  connect: {
    says: 'It cannot be reached.',
    remedy: 'Check that it runs, that host and port are right, and that a firewall lets this gateway through.',
  },
  tls: {
    says: 'It has no certificate this gateway trusts.',
    remedy: 'Renew its certificate, or use the name that the certificate was made for.',
  },
  reset: { says: 'It closed the connection.', remedy: 'Look into its own log; it may be restarting.' },
  timeout: { says: 'It did not answer in time.', remedy: 'Look at its load, or give it a longer deadline.' },
  too_large: {
    says: 'It answered with more than the limit allows.',
    remedy: 'Ask it for less, or raise `maxResultBytes` of this server.',
  },
  encoding: {
    says: 'It answered in an encoding nobody asked for.',
    remedy: 'Turn off compression in the proxy before it.',
  },
  redirect: {
    says: 'It answered with a redirect, which is refused.',
    remedy: 'Use the address that the redirect leads to.',
  },
  unauthorized: {
    says: 'It refused the credential.',
    remedy: 'Set the headers it asks for under Credentials; if it had some, they are no longer good.',
  },
  throttled: { says: 'It asks to be called less often.', remedy: busy },
  http_status: {
    says: 'It answered with an HTTP error.',
    remedy: 'Check the path of the address: the endpoint of an MCP server usually ends in /mcp.',
  },
  protocol: {
    says: 'Its answer is not valid MCP.',
    remedy: 'Check that the address is the Streamable HTTP endpoint and not a web page or another API.',
  },
  truncated: { says: 'It ended its answer early.', remedy: 'Look into its own log; it may have crashed.' },
  session: {
    says: 'It does not keep its session.',
    remedy: 'Where it runs several times, keep a session on one of them.',
  },
  breaker_open: { says: 'It failed repeatedly and is being left alone for a moment.', remedy: busy },
  busy: { says: 'It has too many calls in flight.', remedy: busy },
  closed: { says: 'It was reconfigured during the exchange.', remedy: busy },
};

/** A class of fault in words; one that is not known here is named as it is. */
export const faultWords = (fault: string): FaultWords =>
  words[fault] ?? { says: `It failed: ${fault.replaceAll('_', ' ')}.`, remedy: 'Look into the log of the gateway.' };
