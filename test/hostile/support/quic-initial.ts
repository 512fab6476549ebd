/** An Initial packet of QUIC (RFC 9000 section 17.2.2, RFC 9001 section 5), as a client that never answers sends it. */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";

const VERSION = 1;
/** Secret of the first keys (RFC 9001 section 5.2). */
const INITIAL_SALT = Buffer.from("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "hex");
const TAG_LENGTH = 16;
const PACKET_NUMBER_LENGTH = 4;

function hmac(key: Buffer, data: Buffer): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) for at most 32 octets. */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return hmac(secret, info).subarray(0, length);
}

/** A value after its length in `octets` octets. */
function sized(octets: 1 | 2 | 3, value: Buffer): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(value.length, 0, octets);
  return Buffer.concat([length, value]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** A length as a variable-length integer of two octets (RFC 9000 section 16). */
function varint2(value: number): Buffer {
  return uint16(0x4000 | value);
}

function extension(type: number, value: Buffer): Buffer {
  return Buffer.concat([uint16(type), sized(2, value)]);
}

/**
 * Transport parameters (RFC 9000 section 18.2) that a server of HTTP/3 accepts: idle time, flow control of the connection and of
 * its streams, 128 streams of each kind, and limits of acknowledgements and of connection ids.
 */
const TRANSPORT = Buffer.from(
  "01048000ea6004048010000005048010000006048010000007048010000008024080090240800a01030b01190e0108",
  "hex",
);

/** A ClientHello of TLS 1.3 for the protocol h3; the key share is random, so that the handshake cannot end. */
function clientHello(source: Buffer): Buffer {
  const extensions = [
    extension(0x2b, sized(1, uint16(0x0304))), // supported_versions: TLS 1.3
    extension(0x0a, sized(2, uint16(0x001d))), // supported_groups: x25519
    extension(0x33, sized(2, Buffer.concat([uint16(0x001d), sized(2, randomBytes(32))]))), // key_share
    extension(0x0d, sized(2, Buffer.concat([uint16(0x0403), uint16(0x0804)]))), // signature_algorithms
    extension(0x10, sized(2, sized(1, Buffer.from("h3")))), // ALPN
    extension(0x39, Buffer.concat([TRANSPORT, Buffer.from([0x0f]), sized(1, source)])), // with initial_source_connection_id
  ];
  const suites = sized(2, uint16(0x1301));
  const body = [uint16(0x0303), randomBytes(32), sized(1, Buffer.alloc(0)), suites, sized(1, Buffer.from([0]))];
  const hello = Buffer.concat([...body, sized(2, Buffer.concat(extensions))]);
  return Buffer.concat([Buffer.from([1]), sized(3, hello)]);
}

/** Inverts the bits of the header that RFC 9001 section 5.4 protects. */
function protect(packet: Buffer, numberAt: number, key: Buffer): void {
  const sample = packet.subarray(numberAt + 4, numberAt + 20);
  const mask = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(sample);
  packet.writeUInt8(packet.readUInt8(0) ^ ((mask[0] ?? 0) & 0x0f), 0);
  for (let i = 0; i < PACKET_NUMBER_LENGTH; i++) {
    packet.writeUInt8(packet.readUInt8(numberAt + i) ^ (mask[1 + i] ?? 0), numberAt + i);
  }
}

/** An Initial with a ClientHello, padded to `length` octets. */
export function quicInitial(length: number): Buffer {
  const destination = randomBytes(8);
  const source = randomBytes(8);
  const secret = expandLabel(hmac(INITIAL_SALT, destination), "client in", 32);
  const [key, iv, headerKey] = [
    expandLabel(secret, "quic key", 16),
    expandLabel(secret, "quic iv", 12),
    expandLabel(secret, "quic hp", 16),
  ];
  const start = Buffer.alloc(5);
  start.writeUInt8(0xc0 | (PACKET_NUMBER_LENGTH - 1));
  start.writeUInt32BE(VERSION, 1);
  const ids = Buffer.concat([sized(1, destination), sized(1, source), Buffer.from([0])]); // no token
  const numberAt = start.length + ids.length + 2;
  const rest = length - numberAt; // packet number, frames and tag
  const header = Buffer.concat([start, ids, varint2(rest), Buffer.alloc(PACKET_NUMBER_LENGTH)]);
  const hello = clientHello(source);
  const crypto = Buffer.concat([Buffer.from([0x06, 0x00]), varint2(hello.length), hello]);
  const frames = Buffer.alloc(rest - PACKET_NUMBER_LENGTH - TAG_LENGTH); // PADDING frames are zeros
  crypto.copy(frames);
  const cipher = createCipheriv("aes-128-gcm", key, iv).setAAD(header); // packet number 0: the nonce is the IV
  const sealed = Buffer.concat([cipher.update(frames), cipher.final(), cipher.getAuthTag()]);
  const packet = Buffer.concat([header, sealed]);
  protect(packet, numberAt, headerKey);
  return packet;
}
