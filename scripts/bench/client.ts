/**
 * The client of the server rows: bun client.ts KIND PORT SECONDS [framed]. Keeps a fixed number of packets in flight and
 * prints the number of answers per second.
 */

import { FRAME_HEADER_LENGTH, STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { writeTestPacket } from "../../src/stamp/packet.ts";

const [kind = "", portText, secondsText, framed] = process.argv.slice(2);
const port = Number(portText);
const hostname = "127.0.0.1";
const PACKET = 64;
const UDP_IN_FLIGHT = 64;
const CONNECTIONS = 32;
const WARM_UP_MS = 300;

let answers = 0;

function testPacket(header: number): Buffer {
  const bytes = Buffer.alloc(header + PACKET);
  if (header > 0) bytes.writeUInt16BE(PACKET, 0);
  writeTestPacket(bytes, { sequence: 0, sentAt: Date.now(), ssid: 1 }, header);
  return bytes;
}

async function udp(): Promise<void> {
  const packet = testPacket(0);
  let sequence = 0;
  let last = -1;
  const next = () => {
    packet.writeUInt32BE(sequence++, 0);
    socket.send(packet);
  };
  const socket = await Bun.udpSocket({
    connect: { hostname, port },
    socket: {
      data() {
        answers++;
        next();
      },
      error() {},
    },
  });
  const fill = () => {
    for (let i = 0; i < UDP_IN_FLIGHT; i++) next();
  };
  fill();
  setInterval(() => {
    if (answers === last) fill(); // every packet in flight was lost
    last = answers;
  }, 100);
}

async function tcp(): Promise<void> {
  const frame = testPacket(framed ? FRAME_HEADER_LENGTH : 0);
  for (let i = 0; i < CONNECTIONS; i++) {
    let got = 0;
    await Bun.connect({
      hostname,
      port,
      socket: {
        open(socket) {
          if (framed) socket.write(STAMP_PREFACE);
          socket.write(frame);
        },
        data(socket, data) {
          got += data.length;
          if (got < frame.length) return;
          got -= frame.length;
          answers++;
          socket.write(frame);
        },
      },
    });
  }
}

async function http(request: string): Promise<void> {
  for (let i = 0; i < CONNECTIONS; i++) {
    let length = 0;
    let got = 0;
    await Bun.connect({
      hostname,
      port,
      socket: {
        open(socket) {
          socket.write(request);
        },
        data(socket, data) {
          const text = length === 0 ? data.toString("latin1") : "";
          if (length === 0) length = text.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1]);
          got += data.length;
          if (got < length) return;
          got = 0;
          length = 0;
          answers++;
          socket.write(request);
        },
      },
    });
  }
}

const body = JSON.stringify({ message: "Hello HTTP 7" });
if (kind === "udp") await udp();
else if (kind === "tcp") await tcp();
else if (kind === "http-get") await http("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
else
  await http(
    `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );

await Bun.sleep(WARM_UP_MS);
const [startedAt, before] = [performance.now(), answers];
await Bun.sleep(Number(secondsText) * 1000);
console.log((((answers - before) * 1000) / (performance.now() - startedAt)).toFixed(0));
process.exit(0);
