/**
 * Faults that only some protocols have, on real sockets: duplicate, reorder, corrupt, reset, status. And what losses do to
 * a plain TCP connection.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Protocol } from "../../src/base/protocol.ts";
import { chance, cleanFate, corrupt, decide } from "../../src/faults/decide.ts";
import type { Faults } from "../../src/faults/faults.ts";
import { byDirection } from "../../src/faults/packet-faults.ts";
import { senderSequenceOf } from "../../src/stamp/packet.ts";
import {
  exchange,
  type Form,
  http,
  setFaults,
  tcpPlain,
  tcpStamp,
  testPacket,
  trafficOf,
  udpPlain,
  udpStamp,
} from "../support/clients.ts";
import { startTestLab } from "../support/lab.ts";
import { readReflectorPacket } from "../support/stamp.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(20_000);

function labWith(protocol: Protocol, faults: Faults, seed = 1) {
  return startTestLab({ impair: { http: {}, tcp: {}, udp: {}, [protocol]: faults }, seed });
}

/**
 * A delay during which a test changes the faults and sends more packets, ms: long enough for a busy machine, and shorter
 * than the deadline of `until`.
 */
const LONG_DELAY_MS = 1500;

const UDP_FORMS: readonly (readonly [string, Form])[] = [udpPlain, udpStamp].map((form) => [form.name, form]);

describe.each(UDP_FORMS)("%s", (_, form) => {
  test.concurrent("duplicate sends the answer twice and counts one answered packet", async () => {
    await using lab = await labWith("udp", { duplicate: 1 });
    await using client = await form.connect(lab);
    const traffic = await exchange(lab, form, client, 5);
    expect(client.replies.map(({ n }) => n)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    for (let n = 0; n < 5; n++)
      expect(client.replies[2 * n]?.body).toEqual(client.replies[2 * n + 1]?.body ?? Buffer.of());
    expect([traffic.packets, traffic.answered, traffic.injected("duplicate", "down")]).toEqual([5, 5, 5]);
    expect(traffic.sentBytes).toBe(10 * form.replyBytes);
  });

  test.concurrent("duplicate upstream receives the packet twice: each copy has an answer of its own", async () => {
    await using lab = await labWith("udp", { duplicate: { up: 1 } });
    await using client = await form.connect(lab);
    const traffic = await exchange(lab, form, client, 5);
    expect(client.replies.map(({ n }) => n)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    const numbers = client.replies.map(({ body }) => readReflectorPacket(body)?.reflectorSequence);
    if (form === udpStamp) expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([traffic.packets, traffic.answered, traffic.receivedBytes]).toEqual([10, 10, 10 * form.sentBytes]);
    expect([traffic.injected("duplicate", "up"), traffic.injected("duplicate", "down")]).toEqual([5, 0]);
    if (form !== udpStamp) return;
    const summary = await (await fetch(`http://127.0.0.1:${lab.ports.http}/sessions/7`)).json();
    expect(summary.sessions[0]).toMatchObject({ received: { unique: 5, duplicate: 5 }, handled: 5, answered: 5 });
  });

  test.concurrent("corrupt flips one bit of the answer, at a position that the seed determines", async () => {
    const run = async () => {
      await using lab = await labWith("udp", { corrupt: 0.5 });
      await using client = await form.connect(lab);
      const traffic = await exchange(lab, form, client, 20);
      const expected = chance(1, "udp");
      const fates = Array.from({ length: 20 }, () => decide(byDirection({ corrupt: 0.5 }), expected, cleanFate()));
      const corrupted = fates.filter(({ down }) => down.corruptAt >= 0);
      expect(traffic.injected("corrupt", "down")).toBe(corrupted.length);
      expect(traffic.answered).toBe(20);
      return client.replies.map(({ body }) => {
        if (form === udpPlain) return body.toString("latin1");
        // From octet 28 on, the sender can check every octet: T1, its error estimate, zeros.
        const { senderSequence = -1, senderSentAt = 0 } = readReflectorPacket(body) ?? {};
        const bits = [...body.subarray(36)].map((octet, i) => octet ^ ((testPacket(0)[12 + i] ?? 0) * Number(i < 2)));
        return [senderSequence, Math.abs(senderSentAt - Date.now()) < 60_000, bits.join()].join(" ");
      });
    };
    const first = await run();
    expect(await run()).toEqual(first);
    if (form !== udpPlain) return;
    for (const [n, text] of first.entries()) {
      const wrong = [...text].filter((character, i) => character !== "ACK-UDP"[i]).length;
      expect([n, wrong, text.length]).toEqual([n, text === "ACK-UDP" ? 0 : 1, 7]);
    }
    expect(first.filter((text) => text !== "ACK-UDP").length).toBeGreaterThan(3);
  });
});

test.concurrent("corrupt upstream flips one bit of what the answer repeats, in the packets that the seed determines", async () => {
  const faults = { corrupt: { up: 0.5 } };
  await using lab = await labWith("udp", faults);
  const answers = new Map<number, Buffer>();
  const socket = await Bun.udpSocket({ socket: { data: (_, body) => void answers.set(senderSequenceOf(body), body) } });
  const sent = Array.from({ length: 40 }, (_, n) => testPacket(n));
  for (const packet of sent) socket.send(packet, lab.ports.udp, "127.0.0.1");
  await until(() => answers.size === sent.length, "all answers");
  socket.close();
  const chances = chance(1, "udp");
  const places = sent.map(() => decide(byDirection(faults), chances, cleanFate()).up.corruptAt);
  for (const [n, packet] of sent.entries()) {
    const place = places[n] ?? -1;
    if (place >= 0) corrupt(packet, place, 4, 14);
    expect([n, answers.get(n)?.subarray(28, 38).toString("hex")]).toEqual([n, packet.toString("hex", 4, 14)]);
    expect(answers.get(n)?.readUInt16BE(14)).toBe(7);
  }
  const count = places.filter((place) => place >= 0).length;
  expect(count).toBeWithin(10, 31);
  const traffic = await trafficOf(lab, "udp");
  expect([traffic.injected("corrupt", "up"), traffic.injected("corrupt", "down")]).toEqual([count, 0]);
});

describe("reorder on UDP", () => {
  test.concurrent("sends an answer after the next one to the same peer", async () => {
    await using lab = await labWith("udp", { reorder: 1 });
    await using client = await udpStamp.connect(lab);
    const traffic = await exchange(lab, udpStamp, client, 6);
    expect(client.replies.map(({ n }) => n)).toEqual([1, 0, 3, 2, 5, 4]);
    expect([traffic.answered, traffic.injected("reorder", "down")]).toEqual([6, 3]);
  });

  test.concurrent("upstream receives a packet after the next one of the same peer", async () => {
    await using lab = await labWith("udp", { reorder: { up: 1 } });
    await using client = await udpStamp.connect(lab);
    const traffic = await exchange(lab, udpStamp, client, 6);
    expect(client.replies.map(({ n }) => n)).toEqual([1, 0, 3, 2, 5, 4]);
    const answers = client.replies.map(({ body }) => readReflectorPacket(body));
    expect(answers.map((answer) => answer?.reflectorSequence)).toEqual([0, 1, 2, 3, 4, 5]);
    const times = answers.map((answer) => answer?.receivedAt ?? 0);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect([traffic.answered, traffic.injected("reorder", "up"), traffic.injected("reorder", "down")]).toEqual([
      6, 3, 0,
    ]);
  });

  test.concurrent("sends an answer without a successor after 100 ms", async () => {
    await using lab = await labWith("udp", { reorder: 1 });
    await using client = await udpStamp.connect(lab);
    const traffic = await exchange(lab, udpStamp, client, 1);
    expect(client.replies[0]?.afterMs).toBeGreaterThanOrEqual(100);
    expect(traffic.seconds).toBeGreaterThanOrEqual(0.1);
  });

  test.concurrent("does not count an answer to another peer as the next one", async () => {
    await using lab = await labWith("udp", { reorder: 1 });
    await using first = await udpStamp.connect(lab);
    await using second = await udpStamp.connect(lab);
    await first.send(0);
    await second.send(0);
    await until(() => first.replies.length + second.replies.length === 2, "both answers");
    for (const { replies } of [first, second]) expect(replies[0]?.afterMs).toBeGreaterThanOrEqual(100);
  });

  test.concurrent("sends a held answer after the faults are removed", async () => {
    await using lab = await labWith("udp", { reorder: 1 });
    await using client = await udpStamp.connect(lab);
    await client.send(0);
    await until(async () => (await trafficOf(lab, "udp")).packets === 1, "packet 0 received");
    await setFaults(lab, "udp", {});
    await client.send(1);
    await until(() => client.replies.length === 2, "both answers");
    // The order depends on whether the 100 ms are over when packet 1 arrives.
    expect(client.replies.map(({ n }) => n).sort()).toEqual([0, 1]);
  });
});

test.concurrent("a delay upstream that varies keeps the order of a TCP connection, also when it is removed", async () => {
  const delay = { up: { kind: "uniform", minMs: 0, maxMs: 300 } } as const;
  await using lab = await labWith("tcp", { delay });
  await using client = await tcpStamp.connect(lab);
  for (let n = 0; n < 20; n++) await client.send(n);
  await until(async () => (await trafficOf(lab, "tcp")).packets === 20, "20 packets read");
  await setFaults(lab, "tcp", {});
  await client.send(20);
  await until(() => client.replies.length === 21, "all answers");
  expect(client.replies.map(({ n }) => n)).toEqual(Array.from({ length: 21 }, (_, n) => n));
  const numbers = client.replies.map(({ body }) => readReflectorPacket(body)?.reflectorSequence);
  expect(numbers).toEqual(Array.from({ length: 21 }, (_, n) => n));
  expect((await trafficOf(lab, "tcp")).injected("delay", "up")).toBe(20);
});

describe("reset on TCP", () => {
  test.concurrent("resets a plain connection in place of the answer", async () => {
    await using lab = await labWith("tcp", { reset: 1 });
    await using client = await tcpPlain.connect(lab);
    const traffic = await exchange(lab, tcpPlain, client, 5);
    expect([...client.endings.values()]).toEqual(Array(5).fill("reset"));
    expect([traffic.answered, traffic.drops("fault-reset"), traffic.injected("reset", "down")]).toEqual([0, 5, 5]);
  });

  test.concurrent("sends the delayed answers before it on a STAMP connection, and no answer after it", async () => {
    await using lab = await labWith("tcp", { delay: { kind: "fixed", ms: LONG_DELAY_MS } });
    await using client = await tcpStamp.connect(lab);
    await client.send(0);
    await until(async () => (await trafficOf(lab, "tcp")).packets === 1, "packet 0 delayed");
    await setFaults(lab, "tcp", { reset: 1 });
    await client.send(1);
    await until(async () => (await trafficOf(lab, "tcp")).packets === 2, "packet 1 received");
    await setFaults(lab, "tcp", {});
    await client.send(2);
    await until(async () => (await trafficOf(lab, "tcp")).dropped === 2, "packets 1 and 2 dropped");
    expect(client.replies.map(({ n }) => n)).toEqual([0]);
    const traffic = await trafficOf(lab, "tcp");
    expect([traffic.drops("fault-reset"), traffic.drops("peer-gone")]).toEqual([1, 1]);
  });
});

describe("a plain TCP connection", () => {
  /** A connection that collects the text that it reads. */
  async function connect(port: number) {
    const received = { text: "", ended: false };
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data(_, chunk) {
          received.text += chunk.toString("latin1");
        },
        end() {
          received.ended = true;
        },
        close() {
          received.ended = true;
        },
      },
    });
    return { received, socket };
  }

  test.concurrent("stays open after an answer, for further packets", async () => {
    await using lab = await startTestLab();
    const { received, socket } = await connect(lab.ports.tcp);
    for (let n = 1; n <= 5; n++) {
      socket.write(`Hello TCP ${n}`);
      await until(() => received.text.length === 7 * n, `answer ${n}`);
    }
    expect([received.text, received.ended]).toEqual(["ACK-TCP".repeat(5), false]);
    expect((await trafficOf(lab, "tcp")).packets).toBe(5);
    socket.terminate();
  });

  test.concurrent("sends the delayed answers before a packet dropped upstream, then closes", async () => {
    await using lab = await labWith("tcp", { delay: { kind: "fixed", ms: LONG_DELAY_MS } });
    const { received, socket } = await connect(lab.ports.tcp);
    socket.write("Hello TCP 1");
    await until(async () => (await trafficOf(lab, "tcp")).packets === 1, "packet 1 delayed");
    await setFaults(lab, "tcp", { drop: { up: 1, down: 0 } });
    socket.write("Hello TCP 2");
    await until(() => received.ended, "the end of the connection");
    expect(received.text).toBe("ACK-TCP");
    const traffic = await trafficOf(lab, "tcp");
    expect([traffic.answered, traffic.dropped, traffic.drops("fault-up")]).toEqual([1, 1, 1]);
    socket.terminate();
  });

  test.concurrent("sends no answer after a packet whose answer was dropped: the client would match it to that packet", async () => {
    const delay = { kind: "fixed", ms: LONG_DELAY_MS } as const;
    await using lab = await labWith("tcp", { delay, drop: { up: 0, down: 1 } });
    const { received, socket } = await connect(lab.ports.tcp);
    socket.write("Hello TCP 1");
    await until(async () => (await trafficOf(lab, "tcp")).packets === 1, "packet 1 delayed");
    await setFaults(lab, "tcp", { delay });
    socket.write("Hello TCP 2");
    await until(async () => (await trafficOf(lab, "tcp")).dropped === 2, "both packets dropped");
    await until(() => received.ended, "the end of the connection");
    expect(received.text).toBe("");
    socket.terminate();
  });

  test.concurrent("sends no answer to a packet that was on its way up when the one before it was dropped there", async () => {
    const delay = { up: { kind: "fixed", ms: LONG_DELAY_MS } } as const;
    await using lab = await labWith("tcp", { delay, drop: { up: 1, down: 0 } });
    const { received, socket } = await connect(lab.ports.tcp);
    socket.write("Hello TCP 1");
    await until(async () => (await trafficOf(lab, "tcp")).packets === 1, "packet 1 on its way");
    await setFaults(lab, "tcp", { delay });
    socket.write("Hello TCP 2");
    await until(async () => (await trafficOf(lab, "tcp")).dropped === 2, "both packets dropped");
    await until(() => received.ended, "the end of the connection");
    const traffic = await trafficOf(lab, "tcp");
    expect([received.text, traffic.drops("fault-up"), traffic.drops("peer-gone")]).toEqual(["", 1, 1]);
    socket.terminate();
  });

  test.concurrent("that the peer has closed for writing still gets the answers to packets on their way up", async () => {
    await using lab = await labWith("tcp", {
      delay: { up: { kind: "fixed", ms: 50 }, down: { kind: "fixed", ms: 20 } },
    });
    const { received, socket } = await connect(lab.ports.tcp);
    socket.write("Hello TCP 1");
    socket.shutdown();
    await until(() => received.ended, "the end of the connection");
    expect(received.text).toBe("ACK-TCP");
  });

  test.concurrent("that the peer has closed for writing still gets its delayed answers", async () => {
    await using lab = await labWith("tcp", { delay: { kind: "fixed", ms: 50 } });
    const { received, socket } = await connect(lab.ports.tcp);
    socket.write("Hello TCP 1");
    socket.shutdown();
    await until(() => received.ended, "the end of the connection");
    expect(received.text).toBe("ACK-TCP");
  });
});

describe("status on HTTP", () => {
  test.concurrent("sends the injected status in place of the answer, for the requests that the seed determines", async () => {
    const faults: Faults = { status: { code: 502, probability: 0.4 } };
    await using lab = await labWith("http", faults, 9);
    await using client = await http.connect(lab);
    const traffic = await exchange(lab, http, client, 30);
    const expected = chance(9, "http");
    const statuses = Array.from(
      { length: 30 },
      () => decide(byDirection(faults), expected, cleanFate()).down.status || 200,
    );
    expect(client.replies.map(({ status }) => status)).toEqual(statuses);
    const injected = statuses.filter((status) => status === 502).length;
    expect([traffic.answered, traffic.dropped, traffic.injected("status", "down")]).toEqual([30, 0, injected]);
  });
});
