/**
 * The minimal client: bun client.ts KIND PORT SECONDS [framed] [lossy] [sessions=N] [size=N]. Keeps a fixed number of packets
 * in flight. Prints the number of answers since it was started, the answers per second after the warm-up, and the processor
 * time for these, in µs. Datagrams have `size` octets and are divided among `sessions`; with `lossy`, those without an answer
 * are replaced, and the first number is that of the datagrams sent.
 */

import { FRAME_HEADER_LENGTH, STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { writeTestPacket } from "../../src/stamp/packet.ts";
import { fetchLoop, webSocketLoop } from "./secure-clients.ts";

const [kind = "", portText, secondsText, ...options] = process.argv.slice(2);
const framed = options.includes("framed");
const lossy = options.includes("lossy");
const numberOf = (name: string) => Number(options.find((each) => each.startsWith(`${name}=`))?.split("=")[1]);
const sessions = numberOf("sessions") || 1;
const port = Number(portText);
const hostname = "127.0.0.1";
const PACKET = numberOf("size") || 64;
const UDP_IN_FLIGHT = 64;
const CONNECTIONS = 32;
const WARM_UP_MS = 300;
const REPLACE_MS = 20;
const MOST_IDS = 65_535;
/** Offset of the session id in a test packet (RFC 8972). */
const SSID_AT = 14;

let answers = 0;
/** Datagrams sent. */
let sequence = 0;

function testPacket(header: number): Buffer {
  const bytes = Buffer.alloc(header + PACKET);
  if (header > 0) bytes.writeUInt16BE(PACKET, 0);
  writeTestPacket(bytes, { sequence: 0, sentAt: Date.now(), ssid: 1 }, header);
  return bytes;
}

async function udp(): Promise<void> {
  const packet = testPacket(0);
  let last = -1;
  const open = () =>
    Bun.udpSocket({
      connect: { hostname, port },
      socket: {
        data() {
          answers++;
          next();
        },
        error() {},
      },
    });
  // A session is a socket and one of 65,535 session ids.
  const sockets = await Promise.all(Array.from({ length: Math.ceil(sessions / MOST_IDS) }, open));
  const next = () => {
    const session = sequence % sessions;
    packet.writeUInt16BE(1 + (session % MOST_IDS), SSID_AT);
    packet.writeUInt32BE(Math.floor(sequence++ / sessions), 0);
    sockets[Math.floor(session / MOST_IDS)]?.send(packet);
  };
  const fill = () => {
    for (let i = 0; i < UDP_IN_FLIGHT; i++) next();
  };
  fill();
  let sentBefore = 0;
  let lost = 0;
  const replaceLost = () => {
    const missing = sentBefore - answers - lost; // sent before the last interval, and neither answered nor lost
    sentBefore = sequence;
    for (let i = 0; i < missing; i++) next();
    lost += Math.max(0, missing);
  };
  if (lossy) setInterval(replaceLost, REPLACE_MS);
  setInterval(() => {
    if (answers === last) fill(); // every packet in flight was lost
    last = answers;
  }, 100);
}

async function stream(isEncrypted: boolean): Promise<void> {
  const frame = testPacket(framed ? FRAME_HEADER_LENGTH : 0);
  for (let i = 0; i < CONNECTIONS; i++) {
    let got = 0;
    const start = (socket: Bun.Socket) => {
      if (framed) socket.write(STAMP_PREFACE);
      socket.write(frame);
    };
    await Bun.connect({
      hostname,
      port,
      ...(isEncrypted && { tls: { rejectUnauthorized: false } }),
      socket: {
        ...(isEncrypted ? { handshake: start } : { open: start }),
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

const answered = () => void answers++;
const body = JSON.stringify({ message: "Hello HTTP 7" });
if (kind === "udp") await udp();
else if (kind === "tcp" || kind === "tls") await stream(kind === "tls");
else if (kind === "http3") fetchLoop(port, CONNECTIONS, answered);
else if (kind === "websocket") await webSocketLoop(port, CONNECTIONS, testPacket(0), answered);
else if (kind === "http-get") await http("GET /status/200 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
else
  await http(
    `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );

await Bun.sleep(WARM_UP_MS);
const [startedAt, before, cpuBefore] = [performance.now(), answers, process.cpuUsage()];
await Bun.sleep(Number(secondsText) * 1000);
const { user, system } = process.cpuUsage(cpuBefore);
const rate = ((answers - before) * 1000) / (performance.now() - startedAt);
console.log(
  `${lossy ? sequence : answers} ${rate.toFixed(0)} ${(((user + system) * answers) / (answers - before)).toFixed(0)}`,
);
process.exit(0);
