/** Bad input of every kind at once at the real process: it lives, its memory stays, and a well-behaved client notices nothing. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { random } from "../../src/base/random.ts";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { testFrame, testPacket } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { type LabProcess, startMain } from "../support/process.ts";
import { scrape } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";

/** Resident memory of the process, octets; NaN where the system does not tell. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

const draw = random(99, "storm");
const noise = (most: number) =>
  Buffer.from(Array.from({ length: Math.floor(draw() * most) }, () => Math.floor(draw() * 256)));

/** Sends `count` datagrams of every wrong kind, from one socket. */
async function udpStorm({ ports }: LabProcess, count: number): Promise<void> {
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
  // a client that leaves its answers to the kernel's ICMP messages
  for (let n = 0; n < 20; n++) {
    const gone = await openUdp();
    gone.send(testPacket(n), ports.udp);
    gone.close();
  }
}

/** One connection of each wrong kind, `rounds` times; they stay until `open` is disposed of. */
async function tcpStorm({ ports }: LabProcess, rounds: number, open: DisposableStack): Promise<void> {
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

/** The same for HTTP. */
async function httpStorm({ ports }: LabProcess, rounds: number, open: DisposableStack): Promise<void> {
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

/** One good exchange on each of the three. */
async function serves({ ports }: LabProcess): Promise<void> {
  using udp = await openUdp();
  await until(() => {
    udp.send("Hello UDP 7", ports.udp); // a full receive buffer may have taken the one before
    return udp.got.length > 0;
  }, "ACK-UDP");
  using tcp = await openTcp(ports.tcp);
  tcp.write("Hello TCP 7");
  await until(() => tcp.read.length === 7, "ACK-TCP");
  const response = await fetch(`http://127.0.0.1:${ports.http}/`, { method: "POST", body: "{}" });
  expect(await response.text()).toBe('{"status":"received"}');
}

describe("a storm of bad input", () => {
  test("leaves the process alive, serving, no larger, and every packet counted", async () => {
    await using lab = await startMain(["--impair", "udp:delay=uniform(0,5);tcp:delay=uniform(0,5)"]);
    const storm = async (size: number) => {
      using open = new DisposableStack();
      await Promise.all([udpStorm(lab, size * 60), tcpStorm(lab, size, open), httpStorm(lab, size / 2, open)]);
      await serves(lab);
    };
    await storm(10);
    const before = residentBytes(lab.pid);
    for (let round = 0; round < 4; round++) await storm(20);
    const settled = await until(async () => {
      const series = await scrape(lab.ports.http);
      const of = (name: string, protocol: string) => series.get(name, { protocol });
      const isDone = ["tcp", "udp"].every(
        (protocol) =>
          of("packets_total", protocol) ===
          of("response_time_seconds_count", protocol) + of("dropped_packets_total", protocol),
      );
      return isDone && series.get("wirelab_open_connections", { protocol: "tcp" }) === 0 && series;
    }, "every packet is settled and every connection closed");
    expect(lab.running).toBe(true);
    if (!Number.isNaN(before)) expect(residentBytes(lab.pid) - before).toBeLessThan(120e6);
    for (const [protocol, reason] of [
      ["udp", "own-reply"],
      ["tcp", "bad-length"],
      ["tcp", "cut-frame"],
      ["tcp", "not-stamp"],
      ["http", "not-found"],
      ["http", "bad-request"],
    ] as const) {
      expect([protocol, reason, settled.get("wirelab_rejected_total", { protocol, reason }) > 0]).toEqual([
        protocol,
        reason,
        true,
      ]);
    }
    for (const protocol of ["http", "tcp", "udp"]) {
      expect(settled.get("wirelab_rejected_total", { protocol, reason: "failed" })).toBe(0);
    }
    expect(lab.err).toBe("");
    lab.signal("SIGTERM");
    expect(await lab.exited).toBe(0);
  }, 20_000);

  test("takes no more files than there are: connections beyond the system's limit end nothing", async () => {
    await using lab = await startMain([], {}, ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]);
    const tcp = await Promise.all(Array.from({ length: 60 }, () => openTcp(lab.ports.tcp)));
    const http = await Promise.all(Array.from({ length: 60 }, () => openHttp(lab.ports.http)));
    for (const peer of tcp) peer.write("Hello");
    await until(() => tcp.some((peer) => peer.read.length > 0), "some of them are served");
    expect(lab.running).toBe(true);
    for (const peer of tcp) peer.reset();
    for (const connection of http) connection.close();
    await until(async () => {
      const response = await fetch(`http://127.0.0.1:${lab.ports.http}/healthz`, {
        signal: AbortSignal.timeout(500),
      }).catch(() => undefined);
      return response?.status === 200;
    }, "it serves again");
    await serves(lab);
  });
});
