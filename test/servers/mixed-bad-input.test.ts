/** Bad input of every kind at the same time, sent to the real process, and more connections than file descriptors. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { testFrame, testPacket } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { type LabProcess, startMain } from "../support/process.ts";
import { scrape } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { residentBytes } from "./support/memory.ts";

setDefaultTimeout(60_000);

/** Deadline of conditions after bad input, ms: a busy machine needs several seconds. */
const LIMIT_MS = 20_000;

const draw = random(99, "storm");
/** Random octets, fewer than `limit`. */
const noise = (limit: number) =>
  Buffer.from(Array.from({ length: Math.floor(draw() * limit) }, () => Math.floor(draw() * 256)));

/** Sends `count` datagrams: random, empty, valid, truncated and large ones; then some from sockets that are closed. */
async function sendBadDatagrams({ ports }: LabProcess, count: number): Promise<void> {
  using peer = await openUdp();
  for (let n = 0; n < count; n++) {
    const kinds = [
      noise(1500),
      Buffer.of(),
      testPacket(n, n & 0xffff),
      testPacket(n).subarray(0, n % 44),
      Buffer.alloc(9000, n),
    ];
    peer.send(kinds[n % kinds.length] ?? Buffer.of(), ports.udp);
    if (n % 100 === 99) await Promise.resolve();
  }
  for (let n = 0; n < 20; n++) {
    const closed = await openUdp();
    closed.send(testPacket(n), ports.udp);
    closed.close(); // the answer causes an ICMP error
  }
}

/** Opens a TCP connection with each kind of bad input, `rounds` times; `open` closes them. */
async function openBadConnections({ ports }: LabProcess, rounds: number, open: DisposableStack): Promise<void> {
  for (let n = 0; n < rounds; n++) {
    const inputs = [
      [noise(3000)],
      [STAMP_PREFACE, noise(3000)],
      [STAMP_PREFACE, testFrame(n).subarray(0, 1 + (n % 45))],
      [STAMP_PREFACE, Buffer.of(0, 0)],
      [STAMP_PREFACE.slice(0, 1 + (n % 7))],
      [STAMP_PREFACE, Buffer.from([0, 44]), Buffer.alloc(44, 1)],
      [],
    ];
    for (const [i, parts] of inputs.entries()) {
      const peer = open.use(await openTcp(ports.tcp));
      if (parts.length > 0) peer.write(...parts);
      if (i % 2) peer.finish();
    }
  }
}

/** Sends a bad HTTP request of each kind, `rounds` times; `open` closes the connections. */
async function sendBadRequests({ ports }: LabProcess, rounds: number, open: DisposableStack): Promise<void> {
  const head = "Host: localhost\r\n";
  for (let n = 0; n < rounds; n++) {
    for (const request of [
      noise(2000),
      `POST / HTTP/1.1\r\n${head}Content-Length: 50\r\n\r\n{`,
      `POST /echo HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nffff\r\nx`,
      `POST / HTTP/1.1\r\n${head}Content-Length: 999999999\r\n\r\n`,
      `PUT /impairments/udp HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 4\r\n\r\n{{{{`,
      `GET /${"%ff".repeat(n)} HTTP/1.1\r\nHost: [\r\n\r\n`,
      `GET /bytes/1048576 HTTP/1.1\r\n${head}\r\n`,
      `GET /delay/10 HTTP/1.1\r\n${head}\r\n`,
    ]) {
      open.use(await openHttp(ports.http)).write(request);
    }
  }
}

/** Sends one valid packet of each protocol and checks the answers. */
async function expectService({ ports }: LabProcess): Promise<void> {
  using udp = await openUdp();
  await until(
    () => {
      udp.send("Hello UDP 7", ports.udp); // repeated, because a full receive buffer drops datagrams
      return udp.got.length > 0;
    },
    "ACK-UDP",
    LIMIT_MS,
  );
  using tcp = await openTcp(ports.tcp);
  tcp.write("Hello TCP 7");
  await until(() => tcp.read.length === 7, "ACK-TCP", LIMIT_MS);
  const response = await fetch(`http://127.0.0.1:${ports.http}/`, { method: "POST", body: "{}" });
  expect(await response.text()).toBe('{"status":"received"}');
}

test("bad input of every kind leaves the process running and serving, with bounded memory and every packet counted", async () => {
  await using lab = await startMain(["--impair", "udp:delay=uniform(0,5);tcp:delay=uniform(0,5)"]);
  const sendAll = async (size: number) => {
    using open = new DisposableStack();
    await Promise.all([
      sendBadDatagrams(lab, size * 60),
      openBadConnections(lab, size, open),
      sendBadRequests(lab, size / 2, open),
    ]);
    await expectService(lab);
  };
  await sendAll(10);
  const before = await residentBytes(lab.ports.http);
  for (let round = 0; round < 4; round++) await sendAll(20);
  const series = await until(
    async () => {
      const now = await scrape(lab.ports.http);
      const isComplete = ["tcp", "udp"].every((protocol) => {
        const answered = now.get("response_time_seconds_count", { protocol });
        const dropped = now.get("dropped_packets_total", { protocol });
        return now.get("packets_total", { protocol }) === answered + dropped;
      });
      return isComplete && now.get("wirelab_open_connections", { protocol: "tcp" }) === 0 && now;
    },
    "every packet answered or dropped, and every connection closed",
    LIMIT_MS,
  );
  expect(lab.running).toBe(true);
  expect((await residentBytes(lab.ports.http)) - before).toBeLessThan(120e6);
  for (const [protocol, reason] of [
    ["udp", "own-reply"],
    ["tcp", "bad-length"],
    ["tcp", "cut-frame"],
    ["tcp", "not-stamp"],
    ["http", "not-found"],
    ["http", "bad-request"],
  ] as const) {
    expect([protocol, reason, series.get("wirelab_rejected_total", { protocol, reason }) > 0]).toEqual([
      protocol,
      reason,
      true,
    ]);
  }
  for (const protocol of ["http", "tcp", "udp"]) {
    expect(series.get("wirelab_rejected_total", { protocol, reason: "failed" })).toBe(0);
  }
  expect(lab.err).toBe("");
  lab.signal("SIGTERM");
  expect(await lab.exited).toBe(0);
});

test("more connections than file descriptors do not end the process, which serves again after they are closed", async () => {
  await using lab = await startMain([], {}, ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]);
  // The lab resets the connections that it refuses, some of them before their client has noticed that they are open.
  const attempts = await Promise.allSettled(Array.from({ length: 60 }, () => openTcp(lab.ports.tcp)));
  const tcp = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  const http = await Promise.all(Array.from({ length: 60 }, () => openHttp(lab.ports.http)));
  for (const peer of tcp) peer.write("Hello");
  await until(() => tcp.some((peer) => peer.read.length > 0), "an answer on one of the connections", LIMIT_MS);
  expect(lab.running).toBe(true);
  for (const peer of tcp) peer.reset();
  for (const connection of http) connection.close();
  await until(
    async () => {
      const response = await fetch(`http://127.0.0.1:${lab.ports.http}/healthz`, {
        signal: AbortSignal.timeout(500),
      }).catch(() => undefined);
      return response?.status === 200;
    },
    "service after the connections are closed",
    LIMIT_MS,
  );
  await expectService(lab);
});
