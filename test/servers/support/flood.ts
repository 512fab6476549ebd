/** Sends to a port as fast as a process can: bun flood.ts udp|tcp|tls|websocket PORT [CONNECTIONS]. Ends when it is killed, or after 5 s. */
import { FRAME_HEADER_LENGTH, STAMP_PREFACE } from "../../../src/stamp/frames.ts";
import { writeTestPacket } from "../../../src/stamp/packet.ts";
import { frameOf, TEXT, upgradeRequest } from "../../support/websocket-frames.ts";

const LIMIT_MS = 5000;
const LENGTH = 44;
const FRAMES = 5000;
const DATAGRAMS = 64;

const [kind, portText, connectionsText = "4"] = process.argv.slice(2);
const [hostname, port, connections] = ["127.0.0.1", Number(portText), Number(connectionsText)];
setTimeout(() => process.exit(0), LIMIT_MS);

async function udp(): Promise<void> {
  const socket = await Bun.udpSocket({ connect: { hostname, port }, socket: { data() {}, error() {} } });
  const datagrams = Array.from({ length: DATAGRAMS }, () => Buffer.from("Hello UDP 7"));
  const endAt = performance.now() + LIMIT_MS;
  while (performance.now() < endAt) socket.sendMany(datagrams);
}

/** Opens connections and writes `start`, then `block` again and again, on each. */
async function streams(start: string | Uint8Array, block: Buffer): Promise<void> {
  for (let i = 0; i < connections; i++) {
    let at = 0;
    const write = (socket: Bun.Socket) => {
      for (let accepted = -1; accepted !== 0; ) {
        accepted = Math.max(0, socket.write(block, at, block.length - at));
        at = (at + accepted) % block.length;
      }
    };
    await Bun.connect({
      hostname,
      port,
      ...(kind === "tls" && { tls: { rejectUnauthorized: false } }),
      socket: {
        open(socket) {
          socket.write(start);
          if (kind !== "websocket") write(socket);
        },
        drain: write,
        data: (socket) => void (at === 0 && write(socket)), // the upgrade of a WebSocket connection is complete
        error() {},
      },
    });
  }
}

/** STAMP frames on TCP or TLS. */
function frames(): Promise<void> {
  const frame = Buffer.alloc(FRAME_HEADER_LENGTH + LENGTH);
  frame.writeUInt16BE(LENGTH, 0);
  writeTestPacket(frame, { sequence: 0, sentAt: Date.now(), ssid: 1 }, FRAME_HEADER_LENGTH);
  return streams(STAMP_PREFACE, Buffer.concat(Array.from({ length: FRAMES }, () => frame)));
}

/** The shortest messages. */
function messages(): Promise<void> {
  const message = frameOf(TEXT);
  return streams(upgradeRequest(), Buffer.concat(Array.from({ length: FRAMES }, () => message)));
}

await (kind === "udp" ? udp() : kind === "websocket" ? messages() : frames());
