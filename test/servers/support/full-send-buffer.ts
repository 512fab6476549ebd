/**
 * Fills the send buffers of sockets towards 10.9.0.2 while their reading is interrupted. Prints for each whether any datagram fitted,
 * whether reading is still interrupted, and whether the process is idle when the buffer is free again.
 */
import { UpstreamSocket } from "../../../src/relay/udp/upstream-socket.ts";
import { UdpSocket, UdpSockets } from "../../../src/servers/udp/sockets.ts";
import { until } from "../../support/until.ts";

const SLOW = "10.9.0.2";
const DATA = Buffer.alloc(1000);
const now = () => performance.now();

/** Counts the calls of `drained` of all sockets of a class. */
function countDrained(socketClass: { readonly prototype: { drained(): void } }) {
  const { drained } = socketClass.prototype;
  const counted = { count: 0 };
  socketClass.prototype.drained = function () {
    counted.count++;
    drained.call(this);
  };
  return counted;
}

/** Whether the process uses less than a quarter of a processor, measured for 400 ms after the send buffer is free again. */
async function isIdle(counted: { count: number }): Promise<boolean> {
  const before = counted.count;
  await until(() => counted.count > before, "the free send buffer");
  const usage = process.cpuUsage();
  await Bun.sleep(400);
  const { user, system } = process.cpuUsage(usage);
  return user + system < 100_000;
}

function fill(send: () => boolean): boolean {
  let sent = 0;
  while (send()) sent++;
  return sent > 0;
}

async function ofServer(holdFirst: boolean) {
  const drained = countDrained(UdpSocket);
  let socket: UdpSocket | undefined;
  let got = 0;
  const data = (own: UdpSocket) => {
    socket = own;
    got++;
  };
  const sockets = await UdpSockets.open("0.0.0.0", 0, 1 << 20, { data, error() {} }, now);
  const client = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: sockets.port } });
  client.send("?");
  await until(() => got === 1, "the datagram");
  if (holdFirst) socket?.hold();
  const isFilled = fill(() => socket?.send(DATA, 9, SLOW) ?? false);
  if (!holdFirst) socket?.hold();
  const isHeld = socket?.held;
  const isIdleThen = await isIdle(drained);
  socket?.release();
  client.send("?");
  await until(() => got === 2, "a datagram after the interruption");
  return { isFilled, isHeld, isIdle: isIdleThen };
}

async function ofUpstream() {
  const drained = countDrained(UpstreamSocket);
  const socket = await UpstreamSocket.open(SLOW, 9, "127.0.0.1", [], 1 << 20, { data() {}, error() {} });
  await socket.writable;
  socket.hold();
  const isFilled = fill(() => socket.send(DATA));
  return { isFilled, isHeld: socket.held, isIdle: await isIdle(drained) };
}

const results = [await ofServer(false), await ofServer(true), await ofUpstream()];
console.log(JSON.stringify(results));
process.exit();
