import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';

/** The first bytes Node's TLS sends with these options, in one record. */
export async function recordClientHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  client.on('error', () => client.destroy());
  try {
    const [socket] = (await once(server, 'connection')) as [NodeJS.ReadableStream];
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes;
  } finally {
    client.destroy();
    server.close();
  }
}

/** The message of a ClientHello spread over records of at most so many bytes (RFC 8446, section 5.1). */
export function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 0xff]), piece);
  }
  return Buffer.concat(records);
}

/** A ClientHello with one more extension at its end. */
export function withExtension(hello: Buffer, type: number, data: Buffer): Buffer {
  const added = Buffer.alloc(4 + data.length);
  added.writeUInt16BE(type);
  added.writeUInt16BE(data.length, 2);
  data.copy(added, 4);
  const made = Buffer.concat([hello, added]);
  made.writeUInt16BE(made.length - 5, 3);
  made.writeUIntBE(made.length - 9, 6, 3);
  const lengthAt = extensionsAt(hello);
  made.writeUInt16BE(made.readUInt16BE(lengthAt) + added.length, lengthAt);
  return made;
}

/** Where the length of the extensions stands: behind record and message header, version, random and three vectors. */
function extensionsAt(hello: Buffer): number {
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  return at + 1 + hello.readUInt8(at);
}
