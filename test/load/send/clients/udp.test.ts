/** UDP runs against targets with known faults. */
import { expect, test } from "bun:test";
import { runLoad } from "../../../../src/load/run.ts";
import { writeAnswer } from "../../../../src/stamp/packet.ts";
import { balanced } from "../../support/sums.ts";
import { deadUdpPort, udpTarget } from "../../support/targets.ts";

/** Options of all runs: short, fast, and without a lab to query. */
const common = { protocol: "udp", control: false, rate: 2000, count: 400, timeout: 0.4, seed: 7 } as const;

const every = (n: number) => (arrival: number) => arrival % n === n - 1;

test("a stateful reflector's sequence numbers give the direction of each loss", async () => {
  await using target = await udpTarget("stateful", { dropUp: every(10), dropDown: every(8) });
  // With 397 packets the last one is answered, so each loss precedes an answer.
  const report = balanced(await runLoad({ ...common, count: 397, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({
    sent: 397,
    lostUp: target.counts.droppedUp,
    lostDown: target.counts.droppedDown,
    unexplained: 0,
  });
  expect(report.evidence.kind).toBe("reflector");
});

test("losses of a stateless reflector are unexplained", async () => {
  await using target = await udpTarget("stateless", { dropUp: every(10), dropDown: every(8) });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets.lost).toBe(target.counts.droppedUp + target.counts.droppedDown);
  expect(report.packets.unexplained).toBe(report.packets.lost);
  expect(report.evidence.kind).toBe("none");
});

test("an echo server is measured without server time and one-way delays", async () => {
  await using target = await udpTarget("echo", { dropUp: every(4) });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 400, answered: 300, lost: 100, unexplained: 100, corrupt: 0 });
  expect(report.serverTime.count).toBe(0);
  expect(report.oneWay.comparable).toBe(false);
});

test("duplicates are counted separately and do not offset losses", async () => {
  await using target = await udpTarget("stateful", {
    dropUp: every(5),
    copiesDown: () => 2,
    copiesUp: (n) => (n % 4 === 0 ? 2 : 1),
  });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 400, answered: 320, lost: 80, lostUp: 80 - report.packets.unexplained });
  const { copiesUp, copiesDown } = target.counts;
  expect(report.packets.duplicate).toBe(copiesUp + copiesDown);
  expect(report.duplicates).toEqual({ up: copiesUp, down: copiesDown, unexplained: 0 });
});

test("the places of duplicates are not known from a stateless reflector", async () => {
  await using target = await udpTarget("stateless", { copiesDown: () => 2 });
  const report = balanced(await runLoad({ ...common, count: 50, target: `127.0.0.1:${target.port}` }).report);
  expect(report.duplicates).toEqual({ up: 0, down: 0, unexplained: 50 });
});

test("an answer after the timeout is late, neither lost nor answered", async () => {
  await using target = await udpTarget("stateful", { delayMs: (n) => (n === 3 ? 250 : 0) });
  const options = { ...common, rate: 1000, timeout: 0.1, target: `127.0.0.1:${target.port}` };
  const report = balanced(await runLoad(options).report);
  expect(report.packets).toMatchObject({ late: 1, answered: 399, lost: 0, reordered: 1 });
});

test("an answer with a number below the next expected one is reordered (RFC 4737)", async () => {
  await using target = await udpTarget("stateful", { delayMs: (n) => (n % 50 === 10 ? 60 : 0) });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ answered: 400, reordered: 8 });
});

test.each([
  ["the padding", 60],
  ["the sender's sequence number", 27],
  ["the sender's timestamp", 30],
  ["the session id", 15],
  ["the sender's error estimate", 36],
])("an answer with an inverted bit in %s is counted as corrupt once", async (_what, octet) => {
  await using target = await udpTarget("stateful", {
    modify: (n, answer) => {
      if (n === 20) answer[octet] = (answer[octet] ?? 0) ^ 4;
    },
  });
  const report = balanced(await runLoad({ ...common, count: 100, target: `127.0.0.1:${target.port}` }).report);
  // Reflectors other than the lab may change the padding.
  const corrupt = octet === 60 ? 0 : 1;
  expect(report.packets).toMatchObject({ sent: 100, corrupt, answered: 100 - corrupt, lost: 0, duplicate: 0 });
});

test("an answer that identifies no packet is counted as the corrupt answer to a lost one", async () => {
  await using target = await udpTarget("stateful", { modify: (n, answer) => void (n % 10 === 0 && answer.fill(255)) });
  const report = balanced(await runLoad({ ...common, count: 100, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 100, corrupt: 10, answered: 90, lost: 0 });
});

test("an answer from another port is not counted", async () => {
  const other = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { error() {} } });
  const target = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(from, data, port, address) {
        const answer = Buffer.from(data);
        writeAnswer(answer, { sequence: 0, receivedAt: 0, sentAt: 0 });
        (data.readUInt32BE(0) % 2 === 0 ? from : other).send(answer, port, address);
      },
      error() {},
    },
  });
  const options = { ...common, count: 200, timeout: 0.3, target: `127.0.0.1:${target.port}` };
  const { packets } = balanced(await runLoad(options).report);
  target.close();
  other.close();
  expect(packets.lost).toBe(100);
  expect(packets.answered + packets.corrupt).toBe(100);
});

test("each socket is a session", async () => {
  await using target = await udpTarget("stateful", { dropDown: every(7) });
  const report = balanced(await runLoad({ ...common, connections: 4, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets.answered).toBe(400 - target.counts.droppedDown);
  expect(report.packets.lostUp).toBe(0);
});

test("plain text is answered by any datagram, with one packet in flight on each port", async () => {
  await using target = await udpTarget("plain", { dropUp: every(10) });
  const options = { ...common, mode: "plain", count: 200, timeout: 0.2, target: `127.0.0.1:${target.port}` } as const;
  const report = balanced(await runLoad(options).report);
  expect(report.packets).toMatchObject({ sent: 200, answered: 180, lost: 20, unexplained: 20 });
});

test("a late answer to plain text does not count as the answer to another packet", async () => {
  await using target = await udpTarget("plain", { delayMs: (n) => (n % 10 === 5 ? 150 : 0), dropUp: every(10) });
  const options = { ...common, mode: "plain", count: 200, rate: 500, timeout: 0.1 } as const;
  const report = balanced(await runLoad({ ...options, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 200, answered: 160, duplicate: 0 });
  // The run ends one timeout after its last packet; an answer that would be late after that counts as lost.
  expect(report.packets.late).toBeGreaterThan(5);
  expect(report.packets.late + report.packets.lost).toBe(40);
});

test("a run against a port where nothing listens ends early with the reason", async () => {
  const started = performance.now();
  const port = await deadUdpPort();
  const { count: _, ...endless } = common;
  const options = { ...endless, rate: 100, duration: 20, timeout: 0.1, interval: 0.2, target: `127.0.0.1:${port}` };
  const report = balanced(await runLoad(options).report);
  expect(report.packets.answered).toBe(0);
  expect(report.errors.ECONNREFUSED).toBeGreaterThan(10);
  expect(report.verdict.reasons.join()).toContain("ECONNREFUSED");
  expect(performance.now() - started).toBeLessThan(8000);
});

test.if(process.platform === "linux")("each ICMP error is one error, although a send can report it first", async () => {
  const options = { ...common, rate: 5000, count: 500, warmup: 0, timeout: 0.3, interval: 10 };
  const report = balanced(await runLoad({ ...options, target: `127.0.0.1:${await deadUdpPort()}` }).report);
  expect(report.packets).toMatchObject({ sent: 500, lost: 500 });
  expect(report.errors).toEqual({ ECONNREFUSED: 500 });
});

test("a target that stops during the run: earlier answers are reported, later packets are lost", async () => {
  const target = await udpTarget("stateful");
  const options = { ...common, rate: 1000, count: 600, timeout: 0.3, interval: 0.05 };
  const run = runLoad({ ...options, target: `127.0.0.1:${target.port}` });
  let isStopped = false;
  for await (const snapshot of run) {
    if (isStopped || snapshot.answered < 100) continue;
    isStopped = true;
    await target[Symbol.asyncDispose]();
  }
  const report = balanced(await run.report);
  expect(report.packets.sent).toBe(600);
  expect(report.packets.answered).toBeGreaterThanOrEqual(100);
  expect(report.packets.lost).toBeGreaterThan(100);
  expect(report.errors.ECONNREFUSED).toBeGreaterThan(0);
});

test("a closed loop answers every packet within its window", async () => {
  await using target = await udpTarget("stateful");
  const options = { protocol: "udp", control: false, rate: "max", count: 5000, inFlight: 32 } as const;
  const report = balanced(await runLoad({ ...options, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 5000, answered: 5000, lost: 0, unsent: 0 });
  expect(report.rate.offered).toBe(null);
});

test("a TWAMP-Light reflector may lack session ids, set the TTL and change the padding", async () => {
  await using target = await udpTarget("stateful", {
    modify: (_arrival, answer) => {
      answer.fill(0, 14, 16);
      answer[40] = 255;
      answer.fill(7, 44);
    },
  });
  const report = balanced(await runLoad({ ...common, count: 100, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 100, answered: 100, corrupt: 0 });
  expect(report.oneWay.comparable).toBe(true);
});
