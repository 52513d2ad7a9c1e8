/**
 * What the gate reads of a TLS connection before it carries it. The text of both functions runs in a container of its
 * own, so they must use nothing from outside themselves but their arguments and what is global in Node.
 */

/** `end`: the bytes up to there are a ClientHello for the host, and complete. `wrong`: why there will be none. */
export type HelloFinding = { readonly end: number } | { readonly wrong: string };

/**
 * Whether a client begins TLS with the host it has asked for, by the one name in its ClientHello (RFC 8446, sections
 * 4.1.2 and 5.1; RFC 6066, section 3). One that encrypts the name is refused: the name outside says nothing then, and
 * a client that only pretends to encrypt cannot be told apart (RFC 9849).
 * @param bytes everything the client has sent, or everything since its first ClientHello
 * @param host in lower case
 * @param retried whether it is the answer to a HelloRetryRequest; change_cipher_spec may come before it (appendix D.4)
 * @returns undefined when there must be more bytes first
 */
export function readClientHello(bytes: Buffer, host: string, retried: boolean): HelloFinding | undefined {
  const [changeCipherSpec, handshake, clientHello] = [20, 22, 1];
  const mostBytes = 16_384;
  const notTls = { wrong: 'what begins is not TLS' };
  const malformed = { wrong: 'its ClientHello is malformed' };

  // A message may be spread over several records.
  const message = Buffer.alloc(mostBytes);
  let had = 0;
  for (let at = 0; ;) {
    const skipped = retried && had === 0 && bytes[at] === changeCipherSpec;
    if (at < bytes.length && bytes[at] !== handshake && !skipped) return had === 0 ? notTls : malformed;
    if (bytes.length < at + 5) return undefined;
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || length === 0 || (skipped && length !== 1)) return notTls;
    if (had + length > mostBytes) return malformed;
    const begin = at + 5;
    at = begin + length;
    if (bytes.length < at) return undefined;
    if (skipped) continue;
    had += bytes.copy(message, had, begin, at);
    if (message[0] !== clientHello) return malformed;
    const size = had < 4 ? Infinity : 4 + message.readUIntBE(1, 3);
    if (had < size) continue;
    // Whatever follows in the same record would go on unseen.
    if (had > size) return malformed;
    const wrong = wrongIn(message.subarray(4, size));
    return wrong === undefined ? { end: at } : { wrong };
  }

  function wrongIn(body: Buffer): string | undefined {
    try {
      const hello = reader(body);
      hello.take(2 + 32);
      hello.vector(1);
      hello.vector(2);
      hello.vector(1);
      const extensions = hello.isDone() ? reader(Buffer.alloc(0)) : reader(hello.vector(2));
      if (!hello.isDone()) return malformed.wrong;
      const found = new Map<number, Buffer>();
      while (!extensions.isDone()) {
        const type = extensions.take(2).readUInt16BE();
        if (found.has(type)) return malformed.wrong;
        found.set(type, extensions.vector(2));
      }
      // encrypted_client_hello, and encrypted_server_name of the drafts before it.
      if (found.has(0xfe0d) || found.has(0xffce)) return 'its ClientHello encrypts the name of the host';
      const names = found.get(0);
      if (names === undefined) return 'its ClientHello names no host';
      return nameIn(names) === host ? undefined : 'its ClientHello names another host';
    } catch {
      return malformed.wrong;
    }
  }

  /** The host_name of a server_name extension; undefined where it is not the only one. */
  function nameIn(extension: Buffer): string | undefined {
    const outer = reader(extension);
    const list = reader(outer.vector(2));
    const type = list.take(1)[0];
    const name = list.vector(2).toString('latin1').toLowerCase();
    return type === 0 && list.isDone() && outer.isDone() ? name : undefined;
  }

  /** Throws where there is less than what is to be taken. */
  function reader(data: Buffer) {
    let at = 0;
    const take = (length: number): Buffer => {
      if (at + length > data.length) throw new RangeError();
      return data.subarray(at, (at += length));
    };
    const vector = (lengthBytes: 1 | 2): Buffer => take(take(lengthBytes).readUIntBE(0, lengthBytes));
    return { take, vector, isDone: () => at === data.length };
  }
}

/**
 * Whether the server asks for another ClientHello (HelloRetryRequest: RFC 8446, section 4.1.3), which may name another
 * host than the first. After any other ServerHello a ClientHello in the clear is an error.
 * @param bytes everything the server has sent since the last ClientHello
 * @returns undefined when there must be more bytes first; `wrong` for what is no ServerHello
 */
export function readServerHello(bytes: Buffer): 'settled' | 'retry' | 'wrong' | undefined {
  const [changeCipherSpec, alert, handshake, serverHello] = [20, 21, 22, 2];
  const retry = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';
  const upToRandom = 4 + 2 + 32;
  for (let at = 0; bytes.length >= at + 5;) {
    const length = bytes.readUInt16BE(at + 3);
    const message = bytes.subarray(at + 5, at + 5 + length);
    // Servers of TLS 1.2 may warn first that they do not know the name; those of 1.3 end what they ask again with a
    // change_cipher_spec, which may come later than the rest (appendix D.4).
    if ((bytes[at] === alert && length === 2) || (bytes[at] === changeCipherSpec && length === 1)) {
      at += 5 + length;
      continue;
    }
    if (bytes[at] !== handshake || length < upToRandom) return 'wrong';
    if (message.length < upToRandom) return undefined;
    if (message[0] !== serverHello) return 'wrong';
    if (message.subarray(4 + 2, upToRandom).toString('hex') !== retry) return 'settled';
    // The client answers only when it has all of it, which must not be taken for what comes after the answer.
    if (4 + message.readUIntBE(1, 3) > length) return 'wrong';
    return message.length < length ? undefined : 'retry';
  }
  return undefined;
}
