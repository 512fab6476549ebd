/** TCP input that is wrong, slow, endless or too much: counted under its reason, and nobody else's trouble. */
import { describe, expect, test } from "bun:test";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { testFrame, trafficOf } from "../support/clients.ts";
import { startTestLab } from "../support/lab.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { readReflectorPacket } from "../support/stamp.ts";
import { openTcp } from "../support/tcp.ts";
import { until } from "../support/until.ts";

const FRAME = 46;
const NO_FAULTS = { http: {}, tcp: {}, udp: {} };

function frameOf(length: number, fill = 0): Buffer {
  const bytes = Buffer.alloc(2 + length, fill);
  bytes.writeUInt16BE(length, 0);
  return bytes;
}

describe("frames", () => {
  test.each([0, 1, 43])("of the length %d end their connection, not what was right before them", async (length) => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    using other = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, testFrame(1), frameOf(length), testFrame(2));
    await until(() => peer.ended, "the end");
    expect(readReflectorPacket(peer.read.subarray(2))?.senderSequence).toBe(1);
    expect(peer.read.length).toBe(FRAME);
    const { packets, answered, rejected } = await trafficOf(lab, "tcp");
    expect([packets, answered, rejected("bad-length"), rejected("cut-frame")]).toEqual([1, 1, 1, 0]);
    other.write("Hello");
    await until(() => other.read.length === 7, "the other's answer");
  });

  test("of a wrong length that comes in two pieces are counted once", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, Buffer.of(0));
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 1, "open");
    peer.write(Buffer.of(43));
    await until(() => peer.ended, "the end");
    const { rejected } = await trafficOf(lab, "tcp");
    expect([rejected("bad-length"), rejected("cut-frame")]).toEqual([1, 0]);
  });

  test("that end a connection let the delayed answers in front of them go first", async () => {
    await using lab = await startTestLab({ impair: { ...NO_FAULTS, tcp: { delay: { kind: "fixed", ms: 50 } } } });
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, testFrame(1), testFrame(2), frameOf(0));
    await until(() => peer.ended, "the end");
    expect(peer.read.length).toBe(2 * FRAME);
  });

  test("cut in the middle by the end of the connection are counted once, in order or by reset", async () => {
    await using lab = await startTestLab();
    for (const [round, how] of (["finish", "reset"] as const).entries()) {
      using peer = await openTcp(lab.ports.tcp);
      peer.write(STAMP_PREFACE, testFrame(1));
      await until(() => peer.read.length === FRAME, "the first answer");
      peer.write(testFrame(2).subarray(0, 20));
      // its first octets have to be read before a reset makes the kernel throw them away
      await until(async () => {
        peer[how]();
        return (await rejected(lab, "tcp", "cut-frame")) === round + 1;
      }, how);
    }
    const { packets, rejected: count } = await trafficOf(lab, "tcp");
    expect([packets, count("cut-frame"), count("failed")]).toEqual([2, 2, 0]);
  });

  test("that come an octet at a time, preface and all, are answered like others", async () => {
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

  test("whose packet is no STAMP packet are dropped and counted; the connection goes on", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    const noMultiplier = testFrame(1);
    noMultiplier[2 + 13] = 0;
    const notZero = testFrame(2);
    notZero[2 + 16] = 1;
    peer.write(STAMP_PREFACE, noMultiplier, notZero, frameOf(500, 0xff), testFrame(3));
    await until(() => peer.read.length === FRAME, "the answer to the right one");
    expect(readReflectorPacket(peer.read.subarray(2))?.senderSequence).toBe(3);
    const traffic = await trafficOf(lab, "tcp");
    expect([traffic.packets, traffic.answered, traffic.dropped]).toEqual([4, 1, 3]);
    expect([traffic.rejected("not-stamp"), traffic.drops("not-stamp")]).toEqual([3, 3]);
  });

  test("of the largest length are answered whole", async () => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE, testFrame(1, 7, 65_535));
    await until(() => peer.read.length === 65_537, "the answer");
    expect(peer.read.readUInt16BE(0)).toBe(65_535);
  });
});

describe("the preface", () => {
  test.each([1, 4, 7])("split after %d octets is one", async (at) => {
    await using lab = await startTestLab();
    using peer = await openTcp(lab.ports.tcp);
    peer.write(STAMP_PREFACE.slice(0, at));
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 1, "open");
    peer.write(STAMP_PREFACE.slice(at), testFrame(5));
    await until(() => peer.read.length === FRAME, "the answer");
    expect(readReflectorPacket(peer.read.subarray(2))?.senderSequence).toBe(5);
  });

  test("that is not finished is a plain packet: after a quarter of a second, at the end, or at a wrong octet", async () => {
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

describe("silence", () => {
  const limits = { tcpIdleSeconds: 0.4 };

  test("ends a connection: one that never said a word, one in the middle of a frame, one that trickles", async () => {
    await using lab = await startTestLab({ limits });
    using silent = await openTcp(lab.ports.tcp);
    using unfinished = await openTcp(lab.ports.tcp);
    unfinished.write(STAMP_PREFACE, testFrame(1).subarray(0, 30));
    using trickling = await openTcp(lab.ports.tcp);
    trickling.write(STAMP_PREFACE, frameOf(60_000).subarray(0, 2));
    using chatty = await openTcp(lab.ports.tcp);
    await until(() => {
      trickling.write(Buffer.of(0));
      chatty.write("Hello");
      return silent.ended && unfinished.ended && trickling.ended;
    }, "all three are ended");
    const { rejected } = await trafficOf(lab, "tcp");
    expect([rejected("idle"), rejected("cut-frame")]).toEqual([3, 0]);
    expect(chatty.ended).toBe(false);
  });

  test("is none while the peer waits for the lab", async () => {
    await using lab = await startTestLab({
      limits: { tcpIdleSeconds: 0.2 },
      impair: { ...NO_FAULTS, tcp: { delay: { kind: "fixed", ms: 700 } } },
    });
    using peer = await openTcp(lab.ports.tcp);
    peer.write("Hello");
    await until(() => peer.read.length === 7 || peer.ended, "the answer");
    expect(peer.read.toString()).toBe("ACK-TCP");
    expect(await rejected(lab, "tcp", "idle")).toBe(0);
  });

  test("of a peer that does not close its side after the lab has closed its own does not hold the connection", async () => {
    await using lab = await startTestLab({ limits, impair: { ...NO_FAULTS, tcp: { drop: { up: 1, down: 0 } } } });
    using peer = await openTcp(lab.ports.tcp);
    peer.write("Hello");
    await until(() => peer.ended, "the lab's end");
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 0, "closed");
    expect(await rejected(lab, "tcp", "idle")).toBe(0);
  });
});

describe("too much", () => {
  test("a peer that never reads is not read from any more, holds little, and is ended as a slow reader", async () => {
    await using lab = await startTestLab({ limits: { tcpIdleSeconds: 0.5, tcpUnreadBytes: 64 * 1024 } });
    using deaf = await openTcp(lab.ports.tcp);
    deaf.pause();
    deaf.write(STAMP_PREFACE);
    const before = process.memoryUsage.rss();
    const burst = Buffer.concat(Array.from({ length: 16 }, (_, n) => testFrame(n, 7, 60_000)));
    let offered = 0;
    let worst = 0;
    await until(async () => {
      if (offered < 200e6) offered += deaf.write(burst);
      worst = Math.max(worst, process.memoryUsage.rss() - before);
      return (await rejected(lab, "tcp", "slow-reader")) === 1;
    }, "the end of the slow reader");
    const { receivedBytes, rejected: count } = await trafficOf(lab, "tcp");
    // what both kernels buffer, and then no more
    expect(receivedBytes).toBeLessThan(32e6);
    expect(worst).toBeLessThan(128e6);
    expect(count("idle")).toBe(0);
    using other = await openTcp(lab.ports.tcp);
    other.write("Hello");
    await until(() => other.read.length === 7, "the other's answer");
  });

  test("a slow reader that reads again gets every answer, in order", async () => {
    await using lab = await startTestLab({ limits: { tcpUnreadBytes: 64 * 1024 } });
    using peer = await openTcp(lab.ports.tcp);
    peer.pause();
    const length = 60_000;
    const frames = Array.from({ length: 200 }, (_, n) => testFrame(n, 7, length));
    const all = Buffer.concat([Buffer.from(STAMP_PREFACE), ...frames]);
    let sent = 0;
    let last = 0;
    await until(() => {
      last = peer.write(all.subarray(sent));
      sent += last;
      return last === 0 && sent > 1e6;
    }, "nothing more is taken");
    peer.resume();
    await until(() => {
      sent += peer.write(all.subarray(sent));
      return peer.read.length === frames.length * (length + 2);
    }, "every answer");
    const order = frames.map((_, n) => readReflectorPacket(peer.read.subarray(n * (length + 2) + 2))?.senderSequence);
    expect(order).toEqual(frames.map((_, n) => n));
    expect((await trafficOf(lab, "tcp")).answered).toBe(200);
  });

  test("connections over the limit are turned away and counted; one that ends makes room", async () => {
    await using lab = await startTestLab({ limits: { tcpConnections: 2 } });
    using first = await openTcp(lab.ports.tcp);
    using second = await openTcp(lab.ports.tcp);
    using third = await openTcp(lab.ports.tcp);
    await until(() => third.ended, "the third is turned away");
    const series = await scrape(lab);
    expect(series.get("wirelab_rejected_total", { protocol: "tcp", reason: "connection-limit" })).toBe(1);
    expect(series.get("wirelab_bounded_overflows_total", { structure: "tcp-connections" })).toBe(1);
    expect(series.get("wirelab_open_connections", { protocol: "tcp" })).toBe(2);
    first.finish();
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 1, "room");
    using fourth = await openTcp(lab.ports.tcp);
    for (const peer of [second, fourth]) {
      peer.write("Hello");
      await until(() => peer.read.length === 7, "an answer");
    }
  });

  test("connections that are reset as soon as they are made are no failure of the lab", async () => {
    await using lab = await startTestLab();
    for (let n = 0; n < 200; n++) (await openTcp(lab.ports.tcp)).reset();
    await until(
      async () => (await scrape(lab)).get("wirelab_connections_total", { protocol: "tcp" }) === 200,
      "all seen",
    );
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 0, "all gone");
    expect(await rejected(lab, "tcp", "failed")).toBe(0);
  });
});
