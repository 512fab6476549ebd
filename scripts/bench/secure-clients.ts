/** The minimal clients of HTTP/3 and WebSocket: each calls `answered` for an answer, and sends the next packet. */

const HOST = "127.0.0.1";

/** Requests by the runtime's client, with a fixed number in flight, which share one connection. */
export function fetchLoop(port: number, inFlight: number, answered: () => void): void {
  const url = `https://${HOST}:${port}/status/200`;
  // The runtime's types do not have `protocol`. The certificate is not verified: its authority is unknown to the runtime.
  const options = { protocol: "http3", tls: { rejectUnauthorized: false } } as RequestInit;
  const next = async (): Promise<void> => {
    for (;;) {
      await (await fetch(url, options)).arrayBuffer();
      answered();
    }
  };
  for (let i = 0; i < inFlight; i++) void next();
}

const UPGRADE =
  `GET /ws HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/** Octets before the payload of a short message, of a server and of a client, which adds a mask. */
const [SERVER_HEADER, CLIENT_HEADER] = [2, 6] as const;

/** One binary message of less than 126 octets as a frame (RFC 6455 section 5.2); the mask is zero. */
function frameOf(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x82, 0x80 | payload.length, 0, 0, 0, 0), payload], CLIENT_HEADER + payload.length);
}

/** Connections with one message in flight each. */
export async function webSocketLoop(port: number, connections: number, payload: Buffer, answered: () => void) {
  const frame = frameOf(payload);
  const answerLength = SERVER_HEADER + payload.length;
  for (let i = 0; i < connections; i++) {
    let isUpgraded = false;
    let got = 0;
    await Bun.connect({
      hostname: HOST,
      port,
      socket: {
        open(socket) {
          socket.write(UPGRADE);
        },
        data(socket, data) {
          if (isUpgraded) got += data.length;
          if (isUpgraded && got < answerLength) return;
          if (isUpgraded) answered();
          got = 0;
          isUpgraded = true;
          socket.write(frame);
        },
      },
    });
  }
}
