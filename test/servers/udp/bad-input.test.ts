/** Invalid, forged and excessive datagrams: they are counted by reason and get no answer that is longer than they are. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { random } from "../../../src/base/random.ts";
import type { Lab } from "../../../src/lab.ts";
import { isTestPacket } from "../../../src/stamp/packet.ts";
import { testPacket, trafficOf } from "../../support/clients.ts";
import { startTestLab } from "../../support/lab.ts";
import { scrape } from "../../support/scrape.ts";
import { readReflectorPacket } from "../../support/stamp.ts";
import { openUdp, type UdpPeer } from "../../support/udp.ts";
import { until } from "../../support/until.ts";
import { startLabProcess } from "../support/lab-process.ts";
import { residentBytes } from "../support/memory.ts";

setDefaultTimeout(60_000);

const NO_FAULTS = { http: {}, tcp: {}, udp: {} };

/** Waits until the lab has received `packets` datagrams in total. */
function received(lab: Lab, packets: number) {
  return until(async () => {
    const traffic = await trafficOf(lab, "udp");
    return traffic.packets >= packets && traffic;
  }, `${packets} datagrams received`);
}

/** Sends one datagram and returns its answer. */
async function ask(peer: UdpPeer, data: Buffer | string, port: number): Promise<Buffer> {
  const before = peer.got.length;
  peer.send(data, port);
  await until(() => peer.got.length > before, "an answer");
  return peer.got[before] ?? Buffer.of();
}

describe("length", () => {
  test("an answer is not longer than its datagram: a short one gets the first octets of ACK-UDP", async () => {
    await using lab = await startTestLab();
    using peer = await openUdp();
    for (const length of [1, 2, 6, 7, 8, 43, 44, 1472]) {
      const reply = await ask(peer, Buffer.alloc(length, "x"), lab.ports.udp);
      expect(reply.toString()).toBe("ACK-UDP".slice(0, length));
    }
  });

  test("an empty datagram gets no answer and is counted", async () => {
    await using lab = await startTestLab();
    using peer = await openUdp();
    peer.send("", lab.ports.udp);
    expect((await ask(peer, "x", lab.ports.udp)).toString()).toBe("A");
    const traffic = await trafficOf(lab, "udp");
    expect([traffic.packets, traffic.answered, traffic.dropped, traffic.rejected("own-reply")]).toEqual([2, 1, 1, 1]);
  });

  test("a datagram of the largest length is answered, plain and STAMP", async () => {
    await using lab = await startTestLab();
    using peer = await openUdp();
    expect((await ask(peer, Buffer.alloc(65_507, "x"), lab.ports.udp)).toString()).toBe("ACK-UDP");
    const answer = await ask(peer, testPacket(9, 7, 65_507), lab.ports.udp);
    expect([answer.length, readReflectorPacket(answer)?.senderSequence]).toEqual([65_507, 9]);
    expect((await trafficOf(lab, "udp")).receivedBytes).toBe(2 * 65_507);
  });

  test("a truncated STAMP packet is a plain datagram", async () => {
    await using lab = await startTestLab();
    using peer = await openUdp();
    for (const length of [16, 28, 43]) {
      expect((await ask(peer, testPacket(1).subarray(0, length), lab.ports.udp)).toString()).toBe("ACK-UDP");
    }
    expect((await scrape(lab)).get("wirelab_bounded_size", { structure: "sessions" })).toBe(0);
  });
});

describe("STAMP packets", () => {
  test("with a multiplier of zero or a bit set in octets 16 to 43 are plain datagrams on the UDP port", async () => {
    await using lab = await startTestLab();
    using peer = await openUdp();
    const zeroMultiplier = testPacket(1);
    zeroMultiplier[13] = 0;
    expect((await ask(peer, zeroMultiplier, lab.ports.udp)).toString()).toBe("ACK-UDP");
    for (let at = 16; at < 44; at++) {
      const packet = testPacket(1);
      packet[at] = 0x80;
      expect((await ask(peer, packet, lab.ports.udp)).toString()).toBe("ACK-UDP");
    }
    expect((await trafficOf(lab, "udp")).answered).toBe(29);
  });

  test("with all bits set in the other fields are answered with these fields", async () => {
    await using lab = await startTestLab();
    using peer = await openUdp();
    const packet = testPacket(0xffff_ffff, 0xffff, 48);
    packet.fill(0xff, 0, 16);
    packet.fill(0xab, 44);
    const answer = await ask(peer, packet, lab.ports.udp);
    expect(answer.subarray(24, 38)).toEqual(packet.subarray(0, 14));
    expect(answer.subarray(44)).toEqual(packet.subarray(44));
    expect(readReflectorPacket(answer)).toMatchObject({
      reflectorSequence: 0,
      senderSequence: 0xffff_ffff,
      ssid: 0xffff,
    });
  });

  test("with any padding are test packets on the STAMP port, and shorter datagrams are dropped", async () => {
    await using lab = await startTestLab({ stampPort: 0 });
    using peer = await openUdp();
    const port = lab.ports.stamp ?? 0;
    const padded = testPacket(3, 7, 64).fill(0x5a, 16);
    expect(readReflectorPacket(await ask(peer, padded, port))?.senderSequence).toBe(3);
    for (const length of [0, 1, 7, 43]) peer.send(Buffer.alloc(length, 1), port);
    const traffic = await received(lab, 5);
    expect([traffic.answered, traffic.rejected("not-stamp"), traffic.drops("not-stamp")]).toEqual([1, 4, 4]);
    expect(peer.got).toHaveLength(1);
  });
});

describe("source port", () => {
  // Ports below 1024 need privileges: these tests are skipped without them.
  test.each([1900, 5353, 11_211, 19, 53, 123])("%d, of another reflector, gets no answer", async (port) => {
    await using lab = await startTestLab();
    const made = await openUdp(port).catch((error: unknown) => console.warn(`SKIPPED: source port ${port}: ${error}`));
    if (!made) return;
    using reflector = made;
    using peer = await openUdp();
    reflector.send("Hello", lab.ports.udp);
    reflector.send(testPacket(1), lab.ports.udp);
    expect((await ask(peer, "Hello UDP", lab.ports.udp)).toString()).toBe("ACK-UDP");
    const traffic = await received(lab, 3);
    expect([traffic.rejected("source-refused"), traffic.drops("source-refused"), traffic.answered]).toEqual([2, 2, 1]);
    expect(reflector.got).toEqual([]);
  });

  test("862, of STAMP reflectors, gets no answer from the STAMP port and an answer from the UDP port", async () => {
    const made = await openUdp(862).catch((error: unknown) => console.warn(`SKIPPED: source port 862: ${error}`));
    if (!made) return;
    using peer = made;
    await using lab = await startTestLab({ stampPort: 0 });
    peer.send(testPacket(1), lab.ports.stamp ?? 0);
    expect(readReflectorPacket(await ask(peer, testPacket(2), lab.ports.udp))?.senderSequence).toBe(2);
    expect((await received(lab, 2)).rejected("source-refused")).toBe(1);
  });

  test("equal to a port of the lab gets no answer, at any address", async () => {
    await using lab = await startTestLab({ stampPort: 0 });
    await using other = await startTestLab({ udpPort: 0, stampPort: 0 });
    // Represents a lab on another host with the same ports.
    const twin = await Bun.udpSocket({ hostname: "127.0.0.2", port: lab.ports.udp, socket: { data: () => {} } });
    for (const port of [lab.ports.udp, lab.ports.stamp ?? 0]) twin.send(testPacket(1), port, "127.0.0.1");
    const traffic = await received(lab, 2);
    expect([traffic.rejected("source-refused"), traffic.answered]).toEqual([2, 0]);
    twin.close();
    expect((await trafficOf(other, "udp")).packets).toBe(0);
  });
});

/** A port of a lab. */
interface LabPort {
  readonly lab: Lab;
  readonly port: number;
}

describe("two labs", () => {
  const end = (lab: Lab): LabPort => ({ lab, port: lab.ports.udp });

  /**
   * Sends `opening` to the first lab and each answer to the other lab, as a forged source address does. Returns the number
   * of answers (at most 50).
   */
  async function exchange(first: LabPort, second: LabPort, opening: Buffer): Promise<number> {
    using relay = await openUdp();
    relay.send(opening, first.port);
    let carried = 0;
    await until(async () => {
      while (relay.got.length > carried && carried < 50) {
        relay.send(relay.got[carried] ?? Buffer.of(), (carried % 2 === 0 ? second : first).port);
        carried++;
      }
      const [a, b] = await Promise.all([trafficOf(first.lab, "udp"), trafficOf(second.lab, "udp")]);
      const answered = a.answered + b.answered;
      const isComplete = a.packets + b.packets === carried + 1 && answered + a.dropped + b.dropped === carried + 1;
      return carried >= 50 || (isComplete && carried === answered);
    }, "no further answer");
    return carried;
  }

  test.each(["Hello", "x", "a much longer datagram than the answer"])(
    "exchange one answer after the datagram %j",
    async (text) => {
      await using a = await startTestLab();
      await using b = await startTestLab();
      const carried = await exchange(end(a), end(b), Buffer.from(text));
      expect(carried).toBe(1);
    },
  );

  test("exchange one answer even if both corrupt every answer", async () => {
    const impair = { ...NO_FAULTS, udp: { corrupt: 1 } };
    await using a = await startTestLab({ impair });
    await using b = await startTestLab({ impair, seed: 2 });
    const carried = await exchange(end(a), end(b), Buffer.from("Hello UDP"));
    expect(carried).toBe(1);
  });

  test("exchange at most two answers after a STAMP packet: an answer is not a test packet", async () => {
    await using a = await startTestLab();
    await using b = await startTestLab();
    const carried = await exchange(end(a), end(b), testPacket(1));
    expect(carried).toBeLessThanOrEqual(2);
  });

  test("exchange one answer between their STAMP ports", async () => {
    await using a = await startTestLab({ stampPort: 0 });
    await using b = await startTestLab({ stampPort: 0 });
    const stampEnd = (lab: Lab) => ({ lab, port: lab.ports.stamp ?? 0 });
    expect(await exchange(stampEnd(a), stampEnd(b), testPacket(1, 7, 80))).toBe(1);
    expect((await trafficOf(b, "udp")).rejected("own-reply")).toBe(1);
  });
});

describe("many datagrams", () => {
  test("of random octets are each answered or dropped, and all are counted", async () => {
    await using lab = await startTestLab({ stampPort: 0 });
    using peer = await openUdp();
    const draw = random(2026, "noise");
    const counts = { sent: 0, octets: 0 };
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 100; i++) {
        const length = Math.floor(draw() ** 3 * 1500);
        const noise = Buffer.from(Array.from({ length }, () => Math.floor(draw() * 256)));
        if (draw() < 0.3 && length >= 44) noise.fill(0, 16, 44); // similar to a test packet
        peer.send(noise, draw() < 0.5 ? lab.ports.udp : (lab.ports.stamp ?? 0));
        counts.sent++;
        counts.octets += length;
      }
      await received(lab, counts.sent);
    }
    const traffic = await trafficOf(lab, "udp");
    expect([traffic.packets, traffic.receivedBytes]).toEqual([counts.sent, counts.octets]);
    expect(traffic.answered + traffic.dropped).toBe(counts.sent);
    expect(traffic.dropped).toBe(traffic.rejected("not-stamp") + traffic.rejected("own-reply"));
    await until(() => peer.got.length === traffic.answered, "all answers");
    expect(peer.got.reduce((total, { length }) => total + length, 0)).toBe(traffic.sentBytes);
    expect(traffic.sentBytes).toBeLessThan(traffic.receivedBytes);
    expect(peer.got.filter((answer) => isTestPacket(answer))).toEqual([]);
    expect(traffic.rejected("failed")).toBe(0);
  });

  test("of new sessions do not exceed the limit of sessions, in the table and in memory", async () => {
    const count = 20_000; // would take 330 MB without the limit
    await using lab = await startLabProcess({ limits: { sessions: 100 } });
    using peer = await openUdp();
    const before = await residentBytes(lab);
    const packet = testPacket(0);
    for (let ssid = 0; ssid < count; ssid++) {
      packet.writeUInt16BE(ssid, 14);
      peer.send(packet, lab.ports.udp);
      if (ssid % 200 === 199) await received(lab, ssid + 1);
    }
    const series = await scrape(lab);
    expect(series.get("wirelab_bounded_size", { structure: "sessions" })).toBe(100);
    expect(series.get("wirelab_bounded_overflows_total", { structure: "sessions" })).toBe(count - 100);
    expect((await residentBytes(lab)) - before).toBeLessThan(150e6);
  });

  test("with delayed answers above the limit of octets are dropped as queue-full", async () => {
    await using lab = await startTestLab({
      limits: { delayQueueBytes: 120_000 },
      impair: { ...NO_FAULTS, udp: { delay: { kind: "fixed", ms: 1500 } } },
    });
    using peer = await openUdp();
    for (let n = 0; n < 20; n++) {
      peer.send(testPacket(n, 7, 20_000), lab.ports.udp);
      if (n % 4 === 3) await received(lab, n + 1); // a receive buffer of the default size holds about six
    }
    await until(() => peer.got.length === 6, "the answers within the limit");
    const traffic = await received(lab, 20);
    expect([traffic.answered, traffic.dropped, traffic.drops("queue-full")]).toEqual([6, 14, 14]);
    expect(readReflectorPacket(await ask(peer, testPacket(20, 7, 20_000), lab.ports.udp))?.senderSequence).toBe(20);
  });
});

describe("a client that closes its socket before the answer", () => {
  test("affects neither the lab nor the answers to another client", async () => {
    await using lab = await startTestLab({ impair: { ...NO_FAULTS, udp: { delay: { kind: "fixed", ms: 20 } } } });
    using other = await openUdp();
    for (let round = 0; round < 20; round++) {
      const gone = await openUdp();
      gone.send("Hello", lab.ports.udp);
      gone.close();
      other.send("Hello", lab.ports.udp);
      await until(() => other.got.length === round + 1, "the answer to the other client");
    }
    const traffic = await until(async () => {
      const now = await trafficOf(lab, "udp");
      return now.answered + now.dropped === 40 && now.rejected("peer-gone") > 0 && now;
    }, "40 packets answered or dropped, and an ICMP error");
    expect(traffic.drops("send-failed")).toBe(0);
  });
});
