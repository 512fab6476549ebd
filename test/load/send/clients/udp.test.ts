import { expect, test } from "bun:test";
import { runLoad } from "../../../../src/load/run.ts";
import { balanced } from "../../support/sums.ts";
import { deadUdpPort, udpTarget } from "../../support/targets.ts";

/** Options that every run here shares: short, fast and without a lab to ask. */
const common = { protocol: "udp", control: false, rate: 2000, count: 400, timeout: 0.4, seed: 7 } as const;

const every = (n: number) => (arrival: number) => arrival % n === n - 1;

test("a stateful reflector's numbers tell the direction of each loss, to the packet", async () => {
  await using target = await udpTarget("stateful", { dropUp: every(10), dropDown: every(8) });
  // 397: the last packet is answered, so that every loss has an answer after it to tell its direction.
  const report = balanced(await runLoad({ ...common, count: 397, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({
    sent: 397,
    lostUp: target.ledger.droppedUp,
    lostDown: target.ledger.droppedDown,
  });
  expect(report.packets.unexplained).toBe(0);
  expect(report.evidence.kind).toBe("reflector");
});

test("a stateless reflector's losses have no direction, and the report says so", async () => {
  await using target = await udpTarget("stateless", { dropUp: every(10), dropDown: every(8) });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets.lost).toBe(target.ledger.droppedUp + target.ledger.droppedDown);
  expect(report.packets.unexplained).toBe(report.packets.lost);
  expect(report.evidence.kind).toBe("none");
});

test("an echo is measured too, without server or one-way times", async () => {
  await using target = await udpTarget("echo", { dropUp: every(4) });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 400, answered: 300, lost: 100, unexplained: 100, corrupt: 0 });
  expect(report.serverTime.count).toBe(0);
  expect(report.oneWay.comparable).toBe(false);
});

test("duplicates are counted apart and never hide a loss", async () => {
  await using target = await udpTarget("stateful", {
    dropUp: every(5),
    copiesDown: () => 2,
    copiesUp: (n) => (n % 4 === 0 ? 2 : 1),
  });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 400, answered: 320, lost: 80, lostUp: 80 - report.packets.unexplained });
  expect(report.packets.duplicate).toBe(target.ledger.copiesUp + target.ledger.copiesDown);
});

test("an answer after the timeout is late, not lost and not answered", async () => {
  await using target = await udpTarget("stateful", { delayMs: (n) => (n === 3 ? 250 : 0) });
  const report = balanced(
    await runLoad({ ...common, count: 400, rate: 1000, timeout: 0.1, target: `127.0.0.1:${target.port}` }).report,
  );
  expect(report.packets).toMatchObject({ late: 1, answered: 399, lost: 0, reordered: 1 });
});

test("a packet that arrives with a number below the next expected one is reordered (RFC 4737)", async () => {
  await using target = await udpTarget("stateful", { delayMs: (n) => (n % 50 === 10 ? 60 : 0) });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ answered: 400, reordered: 8 });
});

test.each([
  ["its padding", 60],
  ["the sender's number", 27],
  ["the sender's moment", 30],
  ["the session id", 15],
  ["the sender's error estimate", 36],
])("an answer with a bit flipped in %s is corrupt, once", async (_what, octet) => {
  await using target = await udpTarget("stateful", {
    spoil: (n, answer) => {
      if (n === 20) answer[octet] = (answer[octet] ?? 0) ^ 4;
    },
  });
  const report = balanced(await runLoad({ ...common, count: 100, target: `127.0.0.1:${target.port}` }).report);
  // Only the lab promises to give the padding back as it came.
  const corrupt = octet === 60 ? 0 : 1;
  expect(report.packets).toMatchObject({ sent: 100, corrupt, answered: 100 - corrupt, lost: 0, duplicate: 0 });
});

test("answers that name no packet spoil one that would else be lost", async () => {
  await using target = await udpTarget("stateful", { spoil: (n, answer) => void (n % 10 === 0 && answer.fill(255)) });
  const report = balanced(await runLoad({ ...common, count: 100, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 100, corrupt: 10, answered: 90, lost: 0 });
});

test("several sockets are several sessions", async () => {
  await using target = await udpTarget("stateful", { dropDown: every(7) });
  const report = balanced(await runLoad({ ...common, connections: 4, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets.answered).toBe(400 - target.ledger.droppedDown);
  expect(report.packets.lostUp).toBe(0);
});

test("plain text is answered by anything, one packet at a time on a port", async () => {
  await using target = await udpTarget("plain", { dropUp: every(10) });
  const report = balanced(
    await runLoad({ ...common, mode: "plain", count: 200, timeout: 0.2, target: `127.0.0.1:${target.port}` }).report,
  );
  expect(report.packets).toMatchObject({ sent: 200, answered: 180, lost: 20, unexplained: 20 });
});

test("a port where nobody listens ends the run early, with the reason", async () => {
  const started = performance.now();
  const port = await deadUdpPort();
  const report = balanced(
    await runLoad({
      protocol: "udp",
      control: false,
      rate: 100,
      duration: 20,
      timeout: 0.1,
      interval: 0.2,
      target: `127.0.0.1:${port}`,
    }).report,
  );
  expect(report.packets.answered).toBe(0);
  expect(report.errors.ECONNREFUSED).toBeGreaterThan(10);
  expect(report.verdict.reasons.join()).toContain("ECONNREFUSED");
  expect(performance.now() - started).toBeLessThan(8000);
});

test("a closed loop keeps its window full and loses nothing", async () => {
  await using target = await udpTarget("stateful");
  const report = balanced(
    await runLoad({
      protocol: "udp",
      control: false,
      rate: "max",
      count: 5000,
      inFlight: 32,
      target: `127.0.0.1:${target.port}`,
    }).report,
  );
  expect(report.packets).toMatchObject({ sent: 5000, answered: 5000, lost: 0, unsent: 0 });
  expect(report.rate.offered).toBe(null);
});

test("stop() ends the sending and the report covers what ran", async () => {
  await using target = await udpTarget("stateful");
  const run = runLoad({
    protocol: "udp",
    control: false,
    rate: 500,
    duration: 60,
    interval: 0.05,
    target: `127.0.0.1:${target.port}`,
  });
  let snapshots = 0;
  for await (const snapshot of run)
    if (++snapshots === 3) {
      expect(snapshot.sent).toBeGreaterThan(0);
      run.stop();
    }
  const report = balanced(await run.report);
  expect(report.packets.answered).toBe(report.packets.sent);
  expect(report.durationSeconds).toBeLessThan(30);
});

test("stages are sent as planned, and Poisson arrivals as the seed says", async () => {
  await using target = await udpTarget("stateful");
  const shared = { protocol: "udp", control: false, timeout: 0.3, target: `127.0.0.1:${target.port}` } as const;
  const stages = [
    { from: 0, to: 1000, seconds: 0.4 },
    { from: 500, to: 500, seconds: 0.2 },
  ];
  const ramp = balanced(await runLoad({ ...shared, stages }).report);
  expect(ramp.packets).toMatchObject({ planned: 300, sent: 300, answered: 300 });
  expect(ramp.durationSeconds).toBeCloseTo(0.6, 9);
  const poisson = async (seed: number) =>
    balanced(await runLoad({ ...shared, rate: 500, arrival: "poisson", duration: 0.5, seed }).report).packets.planned;
  const [first, again, other] = [await poisson(1), await poisson(1), await poisson(2)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test("a port to itself for each plain packet: what comes late is never taken for the next one's answer", async () => {
  await using target = await udpTarget("plain", { delayMs: (n) => (n % 10 === 5 ? 150 : 0), dropUp: every(10) });
  const options = {
    ...common,
    mode: "plain",
    count: 200,
    rate: 500,
    timeout: 0.1,
    target: `127.0.0.1:${target.port}`,
  } as const;
  const report = balanced(await runLoad(options).report);
  expect(report.packets).toMatchObject({ sent: 200, answered: 160, duplicate: 0 });
  // The run ends a timeout after its last packet: what would have been late after that is lost.
  expect(report.packets.late).toBeGreaterThan(5);
  expect(report.packets.late + report.packets.lost).toBe(40);
});

test("a TWAMP-Light reflector, which knows no session id, tells a TTL and pads as it likes, is as good as any", async () => {
  await using target = await udpTarget("stateful", {
    spoil: (_arrival, answer) => {
      answer.fill(0, 14, 16);
      answer[40] = 255;
      answer.fill(7, 44);
    },
  });
  const report = balanced(await runLoad({ ...common, count: 100, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 100, answered: 100, corrupt: 0 });
  expect(report.oneWay.comparable).toBe(true);
});
