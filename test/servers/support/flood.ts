/** Sends to a port as fast as a process can: bun flood.ts udp|tcp|tls PORT. Ends when it is killed, or after 5 s. */
import { FRAME_HEADER_LENGTH, STAMP_PREFACE } from "../../../src/stamp/frames.ts";
import { writeTestPacket } from "../../../src/stamp/packet.ts";

const LIMIT_MS = 5000;
const LENGTH = 44;
const CONNECTIONS = 4;
const FRAMES = 5000;
const DATAGRAMS = 64;

const [kind, portText] = process.argv.slice(2);
const [hostname, port] = ["127.0.0.1", Number(portText)];
setTimeout(() => process.exit(0), LIMIT_MS);

async function udp(): Promise<void> {
  const socket = await Bun.udpSocket({ connect: { hostname, port }, socket: { data() {}, error() {} } });
  const datagrams = Array.from({ length: DATAGRAMS }, () => Buffer.from("Hello UDP 7"));
  const endAt = performance.now() + LIMIT_MS;
  while (performance.now() < endAt) socket.sendMany(datagrams);
}

async function tcp(): Promise<void> {
  const frame = Buffer.alloc(FRAME_HEADER_LENGTH + LENGTH);
  frame.writeUInt16BE(LENGTH, 0);
  writeTestPacket(frame, { sequence: 0, sentAt: Date.now(), ssid: 1 }, FRAME_HEADER_LENGTH);
  const frames = Buffer.concat(Array.from({ length: FRAMES }, () => frame));
  for (let i = 0; i < CONNECTIONS; i++) {
    let at = 0;
    const write = (socket: Bun.Socket) => {
      for (let accepted = -1; accepted !== 0; ) {
        accepted = Math.max(0, socket.write(frames, at, frames.length - at));
        at = (at + accepted) % frames.length;
      }
    };
    await Bun.connect({
      hostname,
      port,
      ...(kind === "tls" && { tls: { rejectUnauthorized: false } }),
      socket: {
        open(socket) {
          socket.write(STAMP_PREFACE);
          write(socket);
        },
        drain: write,
        data() {},
        error() {},
      },
    });
  }
}

await (kind === "udp" ? udp() : tcp());
