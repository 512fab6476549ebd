/** Invalid, slow and excessive TCP input: it is counted by reason, and other connections are served. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { STAMP_PREFACE } from "../../../src/stamp/frames.ts";
import { testFrame, trafficOf } from "../../support/clients.ts";
import { startTestLab } from "../../support/lab.ts";
import { rejected, scrape } from "../../support/scrape.ts";
import { readReflectorPacket } from "../../support/stamp.ts";
import { openTcp } from "../../support/tcp.ts";
import { until } from "../../support/until.ts";
import { startLabProcess } from "../support/lab-process.ts";
import { residentBytes } from "../support/memory.ts";

setDefaultTimeout(60_000);

/** Length of a frame with a test packet of the least length, octets. */
const FRAME = 46;
const NO_FAULTS = { http: {}, tcp: {}, udp: {} };
/** Deadline of conditions that take seconds, ms: more on a busy machine. */
const LIMIT_MS = 20_000;

/** A frame whose packet consists of `length` octets of the value `fill`. */
function frameOf(length: number, fill = 0): Buffer {
  const bytes = Buffer.alloc(2 + length, fill);
  bytes.writeUInt16BE(length, 0);
  return bytes;
}

describe("STAMP frames", () => {
  test.each([0, 1, 43])(
    "of length %d close the connection after the answers to valid frames before it",
    async (length) => {
      await using lab = await startTestLab();
      using peer = await openTcp(lab.ports.tcp);
      using other = await openTcp(lab.ports.tcp);
      peer.write(STAMP_PREFACE, testFrame(1), frameOf(length), testFrame(2));
      await until(() => peer.ended, "the end of the connection");
      expect(readReflectorPacket(peer.read.subarray(2))?.senderSequence).toBe(1);
      expect(peer.read.length).toBe(FRAME);
      const { packets, answered, rejected } = await trafficOf(lab, "tcp");
      expect([packets, answered, rejected("bad-length"), rejected("cut-frame")]).toEqual([1, 1, 1, 0]);
      other.write("Hello");
      await until(() => other.read.length === 7, "the answer on the other connection");
    },
  );

  test("with an invalid length in two chunks are counted once", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, Buffer.of(0));
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 1, "open");
    peer.write(Buffer.of(43));
    await until(() => peer.ended, "the end of the connection");
    const { rejected } = await trafficOf(lab, "tcp");
    expect([rejected("bad-length"), rejected("cut-frame")]).toEqual([1, 0]);
  });

  test("with an invalid length close the connection after the delayed answers before them", async () => {
    await using lab = await startTestLab({ impair: { ...NO_FAULTS, tcp: { delay: { kind: "fixed", ms: 50 } } } });
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, testFrame(1), testFrame(2), frameOf(0));
    await until(() => peer.ended, "the end of the connection");
    expect(peer.read.length).toBe(2 * FRAME);
  });

  test("that are incomplete when the peer closes or resets the connection are counted once", async () => {
    await using lab = await startTestLab();
    for (const [round, how] of (["finish", "reset"] as const).entries()) {
      using peer = await openTcp(lab.ports.tcp);
      peer.write(STAMP_PREFACE, testFrame(1));
      await until(() => peer.read.length === FRAME, "the first answer");
      peer.write(testFrame(2).subarray(0, 20));
      // Repeated, because a reset makes the kernel discard octets that the lab has not read yet.
      await until(async () => {
        peer[how]();
        return (await rejected(lab, "tcp", "cut-frame")) === round + 1;
      }, how);
    }
    const { packets, rejected: count } = await trafficOf(lab, "tcp");
    expect([packets, count("cut-frame"), count("failed")]).toEqual([2, 2, 0]);
  });

  test("that arrive in chunks of one octet, after such a preface, are answered", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    for (const octet of Buffer.concat([Buffer.from(STAMP_PREFACE), testFrame(1), testFrame(2, 7, 100)])) {
      peer.write(Buffer.of(octet));
      await Promise.resolve();
    }
    await until(() => peer.read.length === FRAME + 102, "both answers");
    expect(readReflectorPacket(peer.read.subarray(FRAME + 2))?.senderSequence).toBe(2);
    expect((await trafficOf(lab, "tcp")).packets).toBe(2);
  });

  test("without a STAMP packet are dropped and counted, and the connection stays open", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    const noMultiplier = testFrame(1);
    noMultiplier[2 + 13] = 0;
    const notZero = testFrame(2);
    notZero[2 + 16] = 1;
    peer.write(STAMP_PREFACE, noMultiplier, notZero, frameOf(500, 0xff), testFrame(3));
    await until(() => peer.read.length === FRAME, "the answer to the valid frame");
    expect(readReflectorPacket(peer.read.subarray(2))?.senderSequence).toBe(3);
    const traffic = await trafficOf(lab, "tcp");
    expect([traffic.packets, traffic.answered, traffic.dropped]).toEqual([4, 1, 3]);
    expect([traffic.rejected("not-stamp"), traffic.drops("not-stamp")]).toEqual([3, 3]);
  });

  test("of the largest length are answered with frames of that length", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, testFrame(1, 7, 65_535));
    await until(() => peer.read.length === 65_537, "the answer");
    expect(peer.read.readUInt16BE(0)).toBe(65_535);
  });
});

describe("the STAMP preface", () => {
  test.each([1, 4, 7])("is recognised in two chunks, the first of %d octets", async (at) => {
    await using lab = await startTestLab();
    for (let accepted = 1; ; accepted++) {
      using peer = await openTcp(lab.ports.tcp);
      const startedAt = performance.now();
      peer.write(STAMP_PREFACE.slice(0, at));
      await until(
        async () => (await scrape(lab)).get("wirelab_connections_total", { protocol: "tcp" }) === accepted,
        "open",
      );
      peer.write(STAMP_PREFACE.slice(at), testFrame(5));
      const tookMs = performance.now() - startedAt;
      await until(() => peer.read.length >= 7, "an answer");
      if (peer.read.toString("latin1").startsWith("ACK-TCP") && tookMs > 200) continue; // 250 ms are the limit
      await until(() => peer.read.length === FRAME, "the answer");
      expect(readReflectorPacket(peer.read.subarray(2))?.senderSequence).toBe(5);
      return;
    }
  });

  test("that is incomplete is a plain packet: after 250 ms, at the end of the stream, or at a wrong octet", async () => {
    await using lab = await startTestLab();
    using waiting = await openTcp(lab.ports.tcp);
    waiting.write("STAMP");
    using ending = await openTcp(lab.ports.tcp);
    ending.write("STAMP/1");
    ending.finish();
    using wrong = await openTcp(lab.ports.tcp);
    wrong.write("STAMP/2\n");
    for (const peer of [ending, wrong, waiting]) {
      await until(() => peer.read.length === 7, "ACK-TCP");
      expect(peer.read.toString()).toBe("ACK-TCP");
    }
    const { packets, receivedBytes } = await trafficOf(lab, "tcp");
    expect([packets, receivedBytes]).toEqual([3, 5 + 7 + 8]);
  });
});

describe("an idle connection", () => {
  test("is closed: without any data, within a frame, and within a frame that arrives octet by octet", async () => {
    // 1.5 s: a busy machine can interrupt the test for several tenths of a second.
    await using lab = await startTestLab({ limits: { tcpIdleSeconds: 1.5 } });
    using silent = await openTcp(lab.ports.tcp);
    using unfinished = await openTcp(lab.ports.tcp);
    unfinished.write(STAMP_PREFACE, testFrame(1).subarray(0, 30));
    using trickling = await openTcp(lab.ports.tcp);
    trickling.write(STAMP_PREFACE, frameOf(60_000).subarray(0, 2));
    using active = await openTcp(lab.ports.tcp);
    await until(
      () => {
        trickling.write(Buffer.of(0));
        active.write("Hello");
        return silent.ended && unfinished.ended && trickling.ended;
      },
      "the end of the three idle connections",
      LIMIT_MS,
    );
    const { rejected } = await trafficOf(lab, "tcp");
    expect([rejected("idle"), rejected("cut-frame")]).toEqual([3, 0]);
    expect(active.ended).toBe(false);
  });

  test("is not closed while its peer waits for a delayed answer", async () => {
    await using lab = await startTestLab({
      limits: { tcpIdleSeconds: 0.6 },
      impair: { ...NO_FAULTS, tcp: { delay: { kind: "fixed", ms: 1500 } } },
    });
    using peer = await openTcp(lab.ports.tcp);
    peer.write("Hello");
    await until(() => peer.read.length === 7 || peer.ended, "the answer");
    expect(peer.read.toString()).toBe("ACK-TCP");
    expect(await rejected(lab, "tcp", "idle")).toBe(0);
  });

  test("that the lab has closed is removed although the peer does not close it", async () => {
    await using lab = await startTestLab({
      limits: { tcpIdleSeconds: 0.4 },
      impair: { ...NO_FAULTS, tcp: { drop: { up: 1, down: 0 } } },
    });
    using peer = await openTcp(lab.ports.tcp);
    peer.write("Hello");
    await until(() => peer.ended, "the end of the lab's side");
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 0, "closed");
    expect(await rejected(lab, "tcp", "idle")).toBe(0);
  });
});

describe("a slow reader", () => {
  test("is no longer read from, takes little memory, and is closed after the idle limit", async () => {
    await using lab = await startLabProcess({ limits: { tcpIdleSeconds: 2, tcpUnreadBytes: 64 * 1024 } });
    using peer = await openTcp(lab.ports.tcp);
    peer.pause();
    peer.write(STAMP_PREFACE);
    const before = await residentBytes(lab);
    const burst = Buffer.concat(Array.from({ length: 16 }, (_, n) => testFrame(n, 7, 60_000)));
    let offered = 0;
    let growth = 0;
    // Writes do not wait for a scrape: in a pause, a peer whose answers still fit into the socket buffers becomes idle.
    const writing = setInterval(() => {
      if (offered < 200e6) offered += peer.write(burst.subarray(offered % burst.length));
    }, 2);
    await until(
      async () => {
        growth = Math.max(growth, (await residentBytes(lab)) - before);
        return (await rejected(lab, "tcp", "slow-reader")) === 1;
      },
      "the end of the slow reader",
      LIMIT_MS,
    ).finally(() => clearInterval(writing));
    const { receivedBytes, rejected: count } = await trafficOf(lab, "tcp");
    // The lab has read only as much as the socket buffers of both directions hold.
    expect(receivedBytes).toBeLessThan(32e6);
    expect(growth).toBeLessThan(128e6);
    expect(count("idle")).toBe(0);
    using other = await openTcp(lab.ports.tcp);
    other.write("Hello");
    await until(() => other.read.length === 7, "the answer on the other connection");
  });

  test("gets every answer in order after it reads again", async () => {
    await using lab = await startTestLab({ limits: { tcpUnreadBytes: 64 * 1024 } });
    using peer = await openTcp(lab.ports.tcp);
    peer.pause();
    const length = 60_000;
    const frames = Array.from({ length: 200 }, (_, n) => testFrame(n, 7, length));
    const all = Buffer.concat([Buffer.from(STAMP_PREFACE), ...frames]);
    let sent = 0;
    await until(() => {
      const accepted = peer.write(all.subarray(sent));
      sent += accepted;
      return accepted === 0 && sent > 1e6;
    }, "full socket buffers");
    peer.resume();
    await until(
      () => {
        sent += peer.write(all.subarray(sent));
        return peer.read.length === frames.length * (length + 2);
      },
      "every answer",
      LIMIT_MS,
    );
    const order = frames.map((_, n) => readReflectorPacket(peer.read.subarray(n * (length + 2) + 2))?.senderSequence);
    expect(order).toEqual(frames.map((_, n) => n));
    expect((await trafficOf(lab, "tcp")).answered).toBe(200);
  });
});

describe("many connections", () => {
  test("above the limit are refused and counted, and a closed one is replaced", async () => {
    await using lab = await startTestLab({ limits: { tcpConnections: 2 } });
    using first = await openTcp(lab.ports.tcp);
    using second = await openTcp(lab.ports.tcp);
    using third = await openTcp(lab.ports.tcp);
    await until(() => third.ended, "the end of the third connection");
    const series = await scrape(lab);
    expect(series.get("wirelab_rejected_total", { protocol: "tcp", reason: "connection-limit" })).toBe(1);
    expect(series.get("wirelab_bounded_overflows_total", { structure: "tcp-connections" })).toBe(1);
    expect(series.get("wirelab_open_connections", { protocol: "tcp" })).toBe(2);
    first.finish();
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 1, "closed");
    using fourth = await openTcp(lab.ports.tcp);
    for (const peer of [second, fourth]) {
      peer.write("Hello");
      await until(() => peer.read.length === 7, "an answer");
    }
  });

  test("that are reset at once are not counted as failures", async () => {
    await using lab = await startTestLab();
    for (let n = 0; n < 200; n++) (await openTcp(lab.ports.tcp)).reset();
    await until(
      async () => (await scrape(lab)).get("wirelab_connections_total", { protocol: "tcp" }) === 200,
      "200 connections",
    );
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 0, "closed");
    expect(await rejected(lab, "tcp", "failed")).toBe(0);
  });
});
