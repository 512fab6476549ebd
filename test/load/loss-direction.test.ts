/**
 * The direction of losses where the lab at the control address is not the target, or its summary does not cover the run.
 * No direction may have more losses than were caused; what is not certain is unexplained.
 */
import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import type { Lab, LabOptions } from "../../src/lab.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { relayTo } from "../relay/support/relay.ts";
import { startTestLab } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { balanced } from "./support/sums.ts";
import { type Faults, type UdpTarget, udpTarget } from "./support/targets.ts";

type Modify = NonNullable<Faults["modify"]>;

const COUNT = 400;

function startFaultyLab(faults: string, options: LabOptions = {}): Promise<Lab> {
  return startTestLab({ impair: parseImpairments(faults), seed: 4, ...options });
}

// Each run waits for its lost packets, so tests whose runs take little of the processor are concurrent.
function start(target: string, options: Partial<LoadOptions>) {
  return runLoad({ protocol: "udp", target, rate: 1000, count: COUNT, timeout: 0.3, wait: 0.7, seed: 3, ...options });
}

async function runOn(target: string, options: Partial<LoadOptions>) {
  return balanced(await start(target, options).report);
}

function controlOf(lab: Lab): string {
  return `127.0.0.1:${lab.ports.http}`;
}

/** Writes the sender's TTL into the answer, as RFC 8762 section 4.3.1 requires. */
const writeTtl: Modify = (_arrival, answer) => void answer.writeUInt8(64, 40);

/** Loses this share of the packets in each direction, by a seed. */
function losses(seed: number, up: number, down: number): Faults {
  const [drawUp, drawDown] = [random(seed, "up"), random(seed, "down")];
  return { dropUp: () => drawUp() < up, dropDown: () => drawDown() < down };
}

/** Expects that neither direction has more losses than this target caused. */
function expectWithinTruth({ packets }: Awaited<ReturnType<typeof runOn>>, { counts }: UdpTarget): void {
  expect(packets.lostUp).toBeLessThanOrEqual(counts.droppedUp);
  expect(packets.lostDown).toBeLessThanOrEqual(packets.lost - counts.droppedUp);
}

describe("a foreign reflector on a host where a lab serves the control port", () => {
  test("with a timeout shorter than the identification of the target", async () => {
    await using lab = await startTestLab();
    await using target = await udpTarget(
      "stateful",
      { modify: writeTtl },
      { hostname: "127.0.0.2", port: lab.ports.udp },
    );
    const { packets } = await runOn(`127.0.0.2:${target.port}`, { control: controlOf(lab), timeout: 0.1 });
    expect(packets).toMatchObject({ sent: COUNT, answered: COUNT, corrupt: 0, lost: 0, late: 0 });
  });

  test.concurrent.each<[what: string, answering: "stateful" | "stateless", faults: Faults]>([
    ["stateful", "stateful", {}],
    ["stateful, sessions by address alone", "stateful", { keyedByAddress: true }],
    ["stateful, restarts", "stateful", { restartsAt: 150 }],
    ["stateless", "stateless", {}],
  ])("%s: no intact answer is corrupt", async (_what, answering, faults) => {
    await using lab = await startTestLab();
    const at = [{ hostname: "127.0.0.1" }, { hostname: "127.0.0.2", port: lab.ports.udp }];
    for (const place of at) {
      await using target = await udpTarget(answering, { ...faults, modify: writeTtl }, place);
      const options = { control: controlOf(lab), count: 200 };
      const { packets } = await runOn(`${place.hostname}:${target.port}`, options);
      expect(packets).toMatchObject({ sent: 200, answered: 200, corrupt: 0, lost: 0, late: 0 });
    }
  });

  test.concurrent("its sequence numbers give the direction of losses", async () => {
    await using lab = await startTestLab();
    await using target = await udpTarget("stateful", { ...losses(5, 0.1, 0.15), modify: writeTtl });
    const report = await runOn(`127.0.0.1:${target.port}`, { control: controlOf(lab) });
    expect(report.evidence.kind).toBe("reflector");
    expectWithinTruth(report, target);
    expect(report.packets.unexplained).toBeLessThan(10);
  });
});

describe("a target that is not the lab at the control address", () => {
  test.concurrent.each([
    ["another port", "127.0.0.1", false],
    ["another address with the same port", "127.0.0.2", true],
  ])("a silent socket at %s: every loss is unexplained", async (_what, hostname, hasLabPort) => {
    await using lab = await startTestLab();
    await using target = await udpTarget("silent", {}, { hostname, ...(hasLabPort ? { port: lab.ports.udp } : {}) });
    const { packets, evidence } = await runOn(`${hostname}:${target.port}`, { control: controlOf(lab), count: 50 });
    expect(target.counts.arrived).toBe(50);
    expect(packets).toMatchObject({ sent: 50, lost: 50, lostUp: 0, lostDown: 0, unexplained: 50 });
    expect(evidence.kind).toBe("none");
    expect(evidence.text).toContain(hasLabPort ? "has no session of this run" : "does not receive udp packets on port");
  });

  test.concurrent("a second lab that loses every answer: attributed only by its own summary", async () => {
    await using other = await startTestLab();
    await using target = await startFaultyLab("udp:drop=0/1");
    const address = `127.0.0.1:${target.ports.udp}`;
    const byOther = await runOn(address, { control: controlOf(other), count: 100 });
    expect(byOther.packets).toMatchObject({ lost: 100, lostUp: 0, lostDown: 0, unexplained: 100 });
    const byTarget = await runOn(address, { control: controlOf(target), count: 100 });
    expect(byTarget.packets).toMatchObject({ lost: 100, lostUp: 0, lostDown: 100, droppedDown: 100, unexplained: 0 });
  });

  test.concurrent("a name with two addresses, of which only one is the lab's", async () => {
    await using lab = await startTestLab();
    await using target = await udpTarget("silent", {}, { hostname: "::1", port: lab.ports.udp });
    const options = { control: controlOf(lab), count: 50 };
    const bySix = await runOn(`localhost:${target.port}`, { ...options, family: 6 });
    expect(bySix.packets).toMatchObject({ lost: 50, lostUp: 0, lostDown: 0, unexplained: 50 });
    const byFour = await runOn(`localhost:${target.port}`, { ...options, family: 4 });
    expect(byFour.packets).toMatchObject({ answered: 50, lost: 0 });
    expect(byFour.evidence.kind).toBe("lab");
  });
});

test.each([
  ["open loop", { rate: 1000 }],
  ["closed loop", { rate: "max", inFlight: 16 }],
] as const)(
  "after a warm-up, upstream losses before a reflector that counts by address are never downstream: %s",
  async (_what, load) => {
    await using target = await udpTarget("stateful", { ...losses(6, 0.3, 0), keyedByAddress: true });
    const { packets, evidence } = await runOn(`127.0.0.1:${target.port}`, {
      ...load,
      control: false,
      warmup: 0.2,
      timeout: 0.1,
    });
    expect(packets.lost).toBeGreaterThan(50);
    expect(packets).toMatchObject({ lostDown: 0, unexplained: packets.lost - packets.lostUp });
    expect(evidence.text).toContain("numbers the answers of several sessions together");
  },
);

describe("a lab whose summary does not cover the run", () => {
  test.concurrent.each([
    ["upstream", "udp:drop=0.2/0", false],
    ["downstream", "udp:drop=0/0.2", false],
    ["upstream, while losses are followed", "udp:drop=0.2/0", true],
    ["downstream, while losses are followed", "udp:drop=0/0.2", true],
  ])(
    "restarts, losses %s",
    async (_what, faults, follow) => {
      const lab = await startFaultyLab(faults);
      const { http: httpPort, udp: udpPort } = lab.ports;
      const run = start(`127.0.0.1:${udpPort}`, {
        control: controlOf(lab),
        rate: 500,
        count: follow ? 2800 : 1200,
        follow,
      });
      const { counts } = run.measured.recorder();
      await until(() => counts.answered > (follow ? 1100 : 300), "the first half", 10_000);
      await lab.stop();
      const before = counts.answered;
      await using _next = await startFaultyLab(faults, { httpPort, udpPort });
      const { packets, evidence } = balanced(await run.report);
      expect(packets.answered).toBeGreaterThan(before + 100);
      expect(packets.lost).toBeGreaterThan(100);
      expect(evidence.text).toContain("the lab restarted during the run");
      const [known, other] = faults.endsWith("/0")
        ? (["lostUp", "lostDown"] as const)
        : (["lostDown", "lostUp"] as const);
      expect(packets[other]).toBe(0);
      if (follow) expect(packets[known]).toBeGreaterThan(50);
      expect(packets.unexplained).toBeGreaterThan(0);
    },
    30_000,
  );

  test.concurrent("restarts again and again", async () => {
    let lab = await startFaultyLab("udp:drop=0.2/0");
    const { http: httpPort, udp: udpPort } = lab.ports;
    const run = start(`127.0.0.1:${udpPort}`, { control: controlOf(lab), rate: 500, count: 1500 });
    const { counts } = run.measured.recorder();
    for (let restart = 1; restart <= 5; restart++) {
      await until(() => counts.sent > restart * 200, "more packets", 10_000);
      await lab.stop();
      lab = await startFaultyLab("udp:drop=0.2/0", { httpPort, udpPort });
    }
    await using _last = lab;
    const { packets, evidence } = balanced(await run.report);
    expect(packets).toMatchObject({ sent: 1500, lostDown: 0 });
    expect(evidence.text).toContain("the lab restarted during the run");
  }, 30_000);

  test.concurrent("evicts sessions: 16 connections with a table of 4", async () => {
    await using lab = await startFaultyLab("udp:drop=0.2/0", { limits: { sessions: 4 } });
    const { packets, evidence } = await runOn(`127.0.0.1:${lab.ports.udp}`, {
      control: controlOf(lab),
      connections: 16,
    });
    expect(packets.lost).toBeGreaterThan(50);
    expect(packets.lostDown).toBe(0);
    expect(packets.answered + packets.late).toBe(packets.sent - packets.lost);
    expect(evidence.text).toContain("it evicted sessions");
  });
});

describe("a run of 1,100 connections", () => {
  const options = { connections: 1100, rate: 1500, count: 1500, timeout: 0.5 };

  test("has the direction of every loss by a lab with the default table", async () => {
    await using lab = await startFaultyLab("udp:drop=0.1/0.2");
    const { packets, evidence } = await runOn(`127.0.0.1:${lab.ports.udp}`, { ...options, control: controlOf(lab) });
    expect(evidence.kind).toBe("lab");
    expect(packets.droppedUp).toBeGreaterThan(75);
    expect(packets.droppedDown).toBeGreaterThan(150);
    expect(packets.unexplained).toBe(0);
    expect(packets.lostDown).toBe(packets.droppedDown);
  }, 20_000);

  test("leaves losses unexplained if the table of the lab is smaller", async () => {
    await using lab = await startFaultyLab("udp:drop=0.1/0.2", { limits: { sessions: 1000 } });
    const { packets, evidence } = await runOn(`127.0.0.1:${lab.ports.udp}`, { ...options, control: controlOf(lab) });
    expect(packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: packets.lost });
    expect(evidence.text).toContain("it evicted sessions");
  }, 20_000);

  test("has no false direction if the lab restarts", async () => {
    const lab = await startFaultyLab("udp:drop=0/0.2");
    const { http: httpPort, udp: udpPort } = lab.ports;
    const run = start(`127.0.0.1:${udpPort}`, { ...options, control: controlOf(lab) });
    const { counts } = run.measured.recorder();
    await until(() => counts.answered > 400, "the first part", 10_000);
    await lab.stop();
    await using _next = await startFaultyLab("udp:drop=0/0.2", { httpPort, udpPort });
    const { packets, evidence } = balanced(await run.report);
    expect(packets.lost).toBeGreaterThan(75);
    // The packets that were sent while no lab received them were lost upstream: their number is not known.
    expect(packets.lostUp).toBe(0);
    expect(evidence.text).toContain("the lab restarted during the run");
  }, 20_000);
});

describe("two senders with the same session id", () => {
  afterEach(() => spyOn(Math, "random").mockRestore());

  /** Starts a run whose session id is 32,768 unless that is in use. */
  function startWithId(target: string, options: Partial<LoadOptions>) {
    const chance = spyOn(Math, "random").mockReturnValue(0.5);
    const run = start(target, options);
    chance.mockRestore();
    return run;
  }

  test("behind one address: neither run uses the sum of both", async () => {
    await using lab = await startFaultyLab("udp:drop=0.1/0.3");
    const { udp } = lab.ports;
    await using relay = await relayTo("udp", udp, { host: "127.0.0.2", port: udp });
    const runs = [200, 350].map((count) => startWithId(`127.0.0.2:${relay.port}`, { control: controlOf(lab), count }));
    const reports = (await Promise.all(runs.map((run) => run.report))).map(balanced);
    const { sessions } = await (await fetch(`http://${controlOf(lab)}/sessions/${reports[0]?.sessionId}`)).json();
    expect(sessions).toHaveLength(2);
    for (const { packets, evidence, sessionId } of reports) {
      const truth = sessions.find(({ received }: { received: { unique: number } }) => received.unique === packets.sent);
      expect(sessionId).toBe(32_768);
      expect(packets.lost).toBe(truth.dropped.up + truth.dropped.down);
      expect(packets.lostUp).toBeLessThanOrEqual(truth.dropped.up);
      expect(packets.lostDown).toBeLessThanOrEqual(truth.dropped.down);
      expect(packets.unexplained).toBeLessThan(20);
      expect(evidence.text).toContain("another sender uses the same session id");
    }
  });

  test("behind address translation a single sender has the lab's summary", async () => {
    await using lab = await startFaultyLab("udp:drop=0.1/0.3");
    const { udp } = lab.ports;
    await using relay = await relayTo("udp", udp, { host: "127.0.0.2", port: udp });
    const { packets, evidence } = await runOn(`127.0.0.2:${relay.port}`, { control: controlOf(lab) });
    expect(evidence.kind).toBe("lab");
    expect(packets).toMatchObject({ lostUp: packets.droppedUp, lostDown: packets.droppedDown, unexplained: 0 });
  });

  test("one after the other: the second run has another id, and the report has both", async () => {
    await using lab = await startFaultyLab("udp:drop=0.1/0.1");
    const target = `127.0.0.1:${lab.ports.udp}`;
    const [first, second] = [
      balanced(await startWithId(target, { control: controlOf(lab), count: 100 }).report),
      balanced(await startWithId(target, { control: controlOf(lab), count: 100 }).report),
    ];
    expect([first.sessionId, second.sessionId]).toEqual([32_768, 32_769]);
    expect(second.evidence).toEqual({
      kind: "lab",
      text: "from the lab's session summary (session id 32768 was in use at the lab; this run used 32769)",
    });
    expect(first.evidence.text).toBe("from the lab's session summary");
  });
});

test.concurrent.each([1, 2, 3])(
  "copies made upstream of a foreign reflector, seed %d: no direction is above the truth",
  async (seed) => {
    const draw = random(seed, "copies");
    const copiesUp = () => (draw() < 0.1 ? 2 : 1);
    await using target = await udpTarget("stateful", { ...losses(seed, 0.1, 0.15), copiesUp });
    const report = await runOn(`127.0.0.1:${target.port}`, { control: false });
    expect(target.counts.copiesUp).toBeGreaterThan(10);
    expectWithinTruth(report, target);
    expect(report.evidence.text).toMatch(/duplicated upstream|restarted/);
  },
);

test("a lab's own receive buffer is told apart from the path", async () => {
  await using lab = await startTestLab({ limits: { udpReceiveBuffer: 4096 } });
  const report = await runOn(`127.0.0.1:${lab.ports.udp}`, {
    control: controlOf(lab),
    rate: 1_000_000,
    count: 2000,
  });
  const { packets, loss, evidence } = report;
  expect(evidence.kind).toBe("lab");
  expect(packets.lost).toBeGreaterThan(100);
  expect(packets).toMatchObject({ lostUp: packets.lost, lostDown: 0 });
  expect(loss.places).toEqual({ path: 0, targetBuffer: packets.lost, ownBuffer: 0 });
});
