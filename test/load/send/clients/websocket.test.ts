import { expect, test } from "bun:test";
import type { LoadOptions } from "../../../../src/load/plan/options.ts";
import { runLoad } from "../../../../src/load/run.ts";
import { CUT_OFF } from "../../../../src/load/send/stamp/stream-client.ts";
import { writeAnswer } from "../../../../src/stamp/packet.ts";
import { until } from "../../../support/until.ts";
import { ca, valid } from "../../support/certificates.ts";
import { inPieces, startRelay } from "../../support/relay.ts";
import { balanced } from "../../support/sums.ts";
import { deadTcpPort, tcpTarget } from "../../support/targets.ts";
import { serverFrame, websocketTarget } from "../../support/websocket-targets.ts";

const [TEXT, BINARY, PART, LAST_PART, CLOSE, PING] = [0x81, 0x82, 0x02, 0x80, 0x88, 0x89];
/** The status code 1000 of a close frame. */
const NORMAL = Buffer.of(3, 232);

/** Options of all runs: short, fast, and without a lab to query. */
const common = {
  protocol: "websocket",
  control: false,
  rate: 2000,
  count: 300,
  timeout: 0.5,
  wait: 0.5,
  seed: 7,
} as const;

async function runOn(port: number | undefined, options: Partial<LoadOptions> = {}) {
  return balanced(await runLoad({ ...common, target: `127.0.0.1:${port}`, ...options }).report);
}

/** The answer of a reflector. */
function reflected(payload: Buffer, sequence: number): Buffer {
  const now = performance.timeOrigin + performance.now();
  writeAnswer(payload, { sequence, receivedAt: now, sentAt: now });
  return payload;
}

test.each([44, 126, 1000, 65_535])(
  "a reflector's and an echo server's messages of %d octets are answers",
  async (size) => {
    using reflector = websocketTarget(({ payload, index }) => [serverFrame(BINARY, reflected(payload, index))]);
    const options = { size, count: size > 1000 ? 60 : 300, rate: size > 1000 ? 300 : 2000 };
    const report = await runOn(reflector.port, options);
    expect(report.packets).toMatchObject({ sent: options.count, answered: options.count, lost: 0, corrupt: 0 });
    expect(report.serverTime.count).toBe(options.count);
    using echo = websocketTarget(({ payload }) => [serverFrame(BINARY, payload)]);
    const echoed = await runOn(echo.port, options);
    expect(echoed.packets).toMatchObject({ sent: options.count, answered: options.count, corrupt: 0 });
  },
);

test("the runtime's own server echoes packets and texts, on each connection, also with TLS", async () => {
  for (const tls of [undefined, valid]) {
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      ...(tls && { tls }),
      fetch: (request, own) => (own.upgrade(request) ? undefined : new Response("", { status: 400 })),
      websocket: { message: (socket, message) => void socket.send(message) },
    });
    const target = `${tls ? "wss" : "ws"}://localhost:${server.port}/any?thing`;
    const stamp = await runOn(server.port, { target, connections: 3, ca });
    expect(stamp.packets).toMatchObject({ sent: 300, answered: 300, corrupt: 0 });
    const plain = await runOn(server.port, { target, mode: "plain", size: 65_536, count: 20, rate: 100, ca });
    expect(plain.packets).toMatchObject({ sent: 20, answered: 20 });
    expect(plain.bytes).toEqual({ sent: 1_310_720, received: 1_310_720 });
  }
});

test("plain text is Hello WS and the number, and any message is its answer", async () => {
  const seen: string[] = [];
  using target = websocketTarget(({ payload, opcode }) => {
    seen.push(`${opcode} ${payload}`);
    return [serverFrame(TEXT, "ACK-WS")];
  });
  const { packets, bytes } = await runOn(target.port, { mode: "plain", count: 30, connections: 1 });
  expect(packets).toMatchObject({ sent: 30, answered: 30 });
  expect(seen).toEqual(Array.from({ length: 30 }, (_, n) => `1 Hello WS ${n}`));
  expect(bytes.received).toBe(30 * 6);
  await until(() => target.control.length > 0, "the target reads the close frame");
  expect(target.control).toEqual([`8 ${NORMAL.toString("hex")}`]);
});

test.each(["stamp", "plain"] as const)("pings are answered and fragments put together: %s", async (mode) => {
  using target = websocketTarget(({ payload, index }) => {
    const half = payload.length >> 1;
    const parts = [serverFrame(PART, payload.subarray(0, half)), serverFrame(LAST_PART, payload.subarray(half))];
    return index % 10 === 3 ? [parts[0] ?? payload, serverFrame(PING, `p${index}`), parts[1] ?? payload] : parts;
  });
  using relay = startRelay(target.port, inPieces(5));
  const { packets } = await runOn(relay.port, { mode, count: 50, rate: 300, connections: 1 });
  expect(packets).toMatchObject({ sent: 50, answered: 50, corrupt: 0 });
  const pongs = [3, 13, 23, 33, 43].map((index) => `10 ${Buffer.from(`p${index}`).toString("hex")}`);
  expect(target.control.slice(0, 5)).toEqual(pongs);
});

test("plain text: a connection that is closed instead of an answer is a loss, with a close frame or without", async () => {
  for (const octets of [serverFrame(CLOSE, NORMAL), undefined]) {
    using target = websocketTarget(({ index }, socket) => {
      if (index % 3 !== 2) return [serverFrame(TEXT, "ACK-WS")];
      if (octets !== undefined) return [octets];
      socket.end();
      return [];
    });
    const { packets, errors } = await runOn(target.port, { mode: "plain", connections: 1, count: 60 });
    expect(packets).toMatchObject({ sent: 60, answered: 40, lost: 20, failed: 0 });
    expect(errors).toEqual({ closed: 20 });
    expect(target.accepted.count).toBe(20);
  }
});

test("packets in flight when the target closes within a message are cut off, and later ones answered", async () => {
  using target = websocketTarget(({ payload, index }, socket) => {
    if (index % 50 !== 49) return [serverFrame(BINARY, payload)];
    socket.write(serverFrame(BINARY, payload).subarray(0, 20));
    socket.end();
    return [];
  });
  const { packets, errors } = await runOn(target.port, { rate: 500 });
  expect(packets.answered + packets.lost).toBe(300);
  expect(errors.closed).toBeGreaterThanOrEqual(4);
  expect(errors[CUT_OFF]).toBe(packets.lost);
});

test.each([
  ["masks its frames", Buffer.of(BINARY, 0x85, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
  ["sets a reserved bit", Buffer.of(0xc2, 1, 0)],
  ["announces a message that is too long", Buffer.of(BINARY, 127, 0, 0, 0, 0, 1, 0, 0, 0)],
])("a target that %s is not WebSocket", async (_name, octets) => {
  using target = websocketTarget(() => [octets]);
  for (const mode of ["stamp", "plain"] as const) {
    const { packets, errors, verdict } = await runOn(target.port, { mode, count: 20, rate: 200 });
    expect(packets.answered).toBe(0);
    expect(errors["not-websocket"]).toBeGreaterThan(0);
    expect(verdict.reasons[0]).toBe(`127.0.0.1:${target.port} answers, but not as WebSocket`);
  }
});

test.each([
  [
    "refuses the handshake",
    () => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("", { status: 426 }) }),
    "the target answers the WebSocket handshake with status 426 (not-websocket)",
  ],
  ["speaks another protocol", () => tcpTarget("plain"), "the target does not speak HTTP/1.1 (not-websocket)"],
] as const)("a target that %s is one line", async (_name, open, reason) => {
  await using target = open();
  const report = await runOn(target.port);
  expect(report.verdict.reasons).toEqual([`no connection to 127.0.0.1:${target.port}: ${reason}`]);
});

test("a refused connection is one line", async () => {
  const port = deadTcpPort();
  const { errors, verdict } = await runOn(port);
  expect(errors).toEqual({ ECONNREFUSED: 1 });
  expect(verdict.reasons).toEqual([`nothing listens at 127.0.0.1:${port} (ECONNREFUSED)`]);
});

test("10,000 packets at a high rate on several connections", async () => {
  using target = websocketTarget(({ payload, index }) => [serverFrame(BINARY, reflected(payload, index))]);
  const options = { rate: 20_000, count: 10_000, connections: 4, timeout: 5, wait: 5 } as const;
  expect((await runOn(target.port, options)).packets).toMatchObject({ sent: 10_000, answered: 10_000, lost: 0 });
});
