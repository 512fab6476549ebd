/**
 * Load runs through a relay: its counts beside those of the run. The directions of a UDP run's losses are those of the relay, to
 * the packet, whatever the target is. The tests are concurrent, because each run waits for the packets
 * that were lost.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { compareReport } from "../../scripts/verify/compare.ts";
import { readRows } from "../../scripts/verify/rows.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import { runLoad as runOfLibrary } from "../../src/library.ts";
import { runCommand } from "../../src/load/cli/command.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { readReports } from "../../src/load/report/files/json.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { renderReport } from "../../src/load/report/text/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { openOwnRelay } from "../../src/relay/own-relay.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { recordingEnvironment } from "./support/environment.ts";
import { labRelay } from "./support/lab-relay.ts";
import { balanced } from "./support/sums.ts";
import { deadTcpPort, deadUdpPort, tcpTarget, udpTarget } from "./support/targets.ts";

setDefaultTimeout(20_000);

const QUICK = { rate: 400, count: 400, timeout: 1, wait: 1, seed: 3 } as const;

/** For runs that lose nothing, so that they do not wait. */
const SLOW = { rate: 200, timeout: 10, wait: 10 } as const;

function start(options: Partial<LoadOptions> & Pick<LoadOptions, "protocol">) {
  return runLoad({ control: false, ...QUICK, ...options }, undefined, undefined, openOwnRelay);
}

async function run(options: Partial<LoadOptions> & Pick<LoadOptions, "protocol">): Promise<RunReport> {
  return withSums(balanced(await start(options).report));
}

/** Fails unless the counts of the relay add up; returns the report. */
function withSums(report: RunReport): RunReport {
  for (const way of [report.via?.up, report.via?.down]) {
    if (!way) continue;
    expect(way.bytesIn + way.copiedBytes).toBe(way.bytesOut + way.droppedBytes + way.waitingBytes);
    if (report.via?.transport === "udp") {
      expect(way.packetsIn + way.copies).toBe(way.packetsOut + way.dropped + way.waiting);
      expect(Object.values(way.drops).reduce((sum, drops) => sum + drops, 0)).toBe(way.dropped);
    }
  }
  return report;
}

/** The rows of the relay in the text of a report. */
function tableOf(report: RunReport): string[][] {
  const lines = renderReport([report]).split("\n");
  const { address, faults, transport } = report.via ?? {};
  const head = lines.indexOf(`relay (${transport} ${address}), faults ${faults}`);
  expect(head).toBeGreaterThan(0);
  const rows = lines.slice(head + 1);
  return rows.slice(0, rows.indexOf("")).map((line) => line.trim().split(/\s{2,}/));
}

test.each(["echo", "plain"] as const)(
  "the losses of a UDP %s server are by direction those of the relay, to the packet",
  async (answering) => {
    await using target = await udpTarget(answering);
    const mode = answering === "plain" ? "plain" : "stamp";
    const via = "drop=0.1/0.1";
    const report = await run({ protocol: "udp", mode, target: `127.0.0.1:${target.port}`, via });
    const { packets, evidence } = report;
    const [up, down] = [report.via?.up, report.via?.down];
    expect(up).toMatchObject({ packetsIn: 400, dropped: packets.lostUp, waiting: 0 });
    expect(down).toMatchObject({
      packetsIn: 400 - packets.lostUp,
      dropped: packets.lostDown,
      packetsOut: packets.answered,
    });
    expect(target.counts.arrived).toBe(400 - packets.lostUp);
    expect(packets).toMatchObject({
      sent: 400,
      droppedUp: packets.lostUp,
      droppedDown: packets.lostDown,
      unexplained: 0,
    });
    for (const lost of [packets.lostUp, packets.lostDown]) expect(Math.abs(lost - 40)).toBeLessThan(25);
    expect(evidence.kind).toBe("relay");
    expect(report.via).toMatchObject({ relay: null, transport: "udp", faults: "drop=0.1/0.1", otherClients: false });
    expect(report.plan?.via).toBe("drop=0.1/0.1");
    expect(tableOf(report).slice(0, 3)).toEqual([
      ["datagrams", "upstream", "downstream"],
      ["in", "400", `${400 - packets.lostUp}`],
      ["dropped", `${packets.lostUp}`, `${packets.lostDown}`],
    ]);
    expect(tableOf(report)).toContainEqual(["out", `${up?.packetsOut}`, `${packets.answered}`]);
  },
);

test("the seed of a run decides what its relay drops", async () => {
  await using target = await udpTarget("echo");
  const drops = async (seed: number) => {
    const report = await run({ protocol: "udp", target: `127.0.0.1:${target.port}`, via: "drop=0.2", seed });
    return report.via?.up?.dropped;
  };
  const [first, again, other] = [await drops(1), await drops(1), await drops(2)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test("what is lost beyond the relay stays unexplained", async () => {
  const tenth = (arrival: number) => arrival % 10 === 3;
  await using target = await udpTarget("echo", { dropUp: tenth });
  const report = await run({ protocol: "udp", target: `127.0.0.1:${target.port}`, via: "drop=0.1/0.1" });
  const { packets, via } = report;
  expect(packets).toMatchObject({ lostUp: via?.up?.dropped, lostDown: via?.down?.dropped });
  expect(packets.unexplained).toBe(target.counts.droppedUp);
  expect(target.counts.droppedUp).toBeGreaterThan(30);
});

test("what a lab loses beyond the relay is by direction the lab's", async () => {
  await using lab = await startTestLab({ impair: parseImpairments("udp:drop=0.1/0.1"), seed: 4 });
  const control = `127.0.0.1:${lab.ports.http}`;
  const via = "drop=0.1/0.1";
  const report = await run({ protocol: "udp", target: `127.0.0.1:${lab.ports.udp}`, control, via });
  const { packets, evidence } = report;
  expect(packets).toMatchObject({ unexplained: 0, droppedUp: packets.lostUp, droppedDown: packets.lostDown });
  expect(packets.lostUp).toBeGreaterThan(report.via?.up?.dropped ?? Number.NaN);
  expect(packets.lostDown).toBeGreaterThan(report.via?.down?.dropped ?? Number.NaN);
  expect(evidence).toMatchObject({
    kind: "relay",
    text: expect.stringContaining("beyond it from the lab's session summary"),
  });
});

test("drops of copies are not taken for lost packets", async () => {
  await using target = await udpTarget("echo");
  const via = "drop=0.2/0.2,duplicate=0.5/0.5";
  const { packets, via: relay } = await run({ protocol: "udp", target: `127.0.0.1:${target.port}`, via });
  expect(packets.lostUp).toBe(relay?.up?.dropped ?? Number.NaN);
  expect(relay?.up?.copies).toBeGreaterThan(50);
  expect(relay?.up?.effects).toEqual({ duplicate: relay?.up?.copies ?? Number.NaN });
  expect(relay?.down?.dropped).toBeGreaterThan(packets.lostDown);
});

test("the packets of a warm-up are not among the relay's counts", async () => {
  await using target = await udpTarget("echo");
  const via = "drop=0.1/0.1,delay=30/30";
  const report = await run({ protocol: "udp", target: `127.0.0.1:${target.port}`, via, warmup: 0.2 });
  expect(report.packets).toMatchObject({ sent: 400, unexplained: 0 });
  expect(report.via?.up).toMatchObject({ packetsIn: 400, dropped: report.packets.lostUp });
  expect(report.via?.down?.added.mean).toBeGreaterThanOrEqual(0.03);
});

test("HTTP/3 recovers from what the relay drops", async () => {
  await using lab = await startTestLab({ ...ALL_FREE_PORTS });
  const report = await run({
    ...{ protocol: "http3", target: `https://127.0.0.1:${lab.ports.http3}/`, control: `127.0.0.1:${lab.ports.http}` },
    ...{ via: "drop=0.1/0.1", rate: 100, count: 100, connections: 4, timeout: 10, wait: 10 },
  });
  const { packets, via, evidence } = report;
  expect(packets).toMatchObject({ sent: 100, answered: 100, lost: 0 });
  expect(via?.up?.dropped).toBeGreaterThan(0);
  expect(via?.down?.dropped).toBeGreaterThan(0);
  expect(via).toMatchObject({ transport: "udp", otherClients: false, reason: null });
  expect(evidence.kind).toBe("none");
});

test("the delay that a path adds to TCP", async () => {
  await using target = tcpTarget("stamp");
  const via = "delay=20/20";
  const report = await run({ protocol: "tcp", target: `127.0.0.1:${target.port}`, via, ...SLOW, count: 50 });
  expect(report.packets).toMatchObject({ sent: 50, answered: 50 });
  for (const way of [report.via?.up, report.via?.down]) {
    expect(way?.added.count).toBeGreaterThan(0);
    expect(way?.added.mean).toBeGreaterThanOrEqual(0.02);
    expect(way?.added.mean).toBeLessThan(0.2);
    expect(way?.added.p50).toBeGreaterThan(0.019); // within the 5 % of a bucket
    expect(way?.added.p99).toBeGreaterThanOrEqual(way?.added.p50 ?? Number.NaN);
  }
  expect(report.via?.up?.bytesIn).toBeGreaterThanOrEqual(report.bytes.sent);
  expect(renderReport([report])).toContain("handshakes of TCP are with the relay");
  expect(report.serviceTime.min).toBeGreaterThanOrEqual(0.04);
});

test("several protocols have a relay each", async () => {
  await using lab = await startTestLab();
  const options = { control: `127.0.0.1:${lab.ports.http}`, via: "delay=10/10", ...SLOW, count: 40 };
  const runs = (["http", "tcp", "udp"] as const).map((protocol) =>
    run({ ...options, protocol, target: `127.0.0.1:${lab.ports[protocol]}` }),
  );
  const reports = await Promise.all(runs);
  for (const { protocol, packets, via } of reports) {
    expect({ protocol, ...packets }).toMatchObject({ protocol, sent: 40, answered: 40 });
    expect(via?.up?.added.mean).toBeGreaterThanOrEqual(0.01);
  }
  expect(new Set(reports.map(({ via }) => via?.address)).size).toBe(3);
});

test("an interrupted run has the counts of its relay, which is closed then", async () => {
  await using target = await udpTarget("echo");
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, via: "drop=0.1/0.1" } as const;
  const current = start({ ...options, count: 100_000 });
  await until(() => current.measured.recorder().counts.sent > 100, "100 packets sent");
  current.stop();
  const report = withSums(balanced(await current.report));
  expect(report.ended).toBe("interrupted");
  expect(report.via?.up).toMatchObject({ packetsIn: report.packets.sent, dropped: report.packets.lostUp });
  const { lostUp, lostDown } = report.packets;
  expect(current.measured.directions()).toMatchObject({ lostUp, lostDown, evidence: "relay" });
  const port = Number(report.via?.address.split(":").at(-1));
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port }); // throws if it is in use
  socket.close();
});

test("a relay of a lab: by its name, and by its port", async () => {
  await using target = await udpTarget("echo");
  await using slow = await labRelay("udp", target.port, "drop=0.1/0.1");
  const named = await run({ protocol: "udp", control: slow.control, via: "relay:slow" });
  const address = `127.0.0.1:${slow.relay.port}`;
  const byPort = await run({ protocol: "udp", control: slow.control, target: address, via: "relay" });
  for (const { packets, via, evidence } of [named, byPort]) {
    expect(via).toMatchObject({ relay: "slow", address, faults: "drop=0.1/0.1", otherClients: false, reason: null });
    expect(via?.up).toMatchObject({ packetsIn: 400, dropped: packets.lostUp });
    expect(packets).toMatchObject({ lostDown: via?.down?.dropped, unexplained: 0 });
    expect(evidence.kind).toBe("relay");
  }
  expect(named.target).toBe(`127.0.0.1:${target.port}`);
  expect(byPort.target).toBe(address);
});

test("another client of the relay: the directions are not known", async () => {
  await using target = await udpTarget("echo");
  await using slow = await labRelay("udp", target.port, "drop=0.1/0.1");
  const current = start({ protocol: "udp", control: slow.control, via: "relay:slow" });
  await until(() => current.measured.recorder().counts.sent > 10, "packets sent");
  const other = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: slow.relay.port } });
  for (let sent = 0; sent < 50; sent++) other.send("other");
  const report = withSums(balanced(await current.report));
  other.close();
  expect(report.via).toMatchObject({ otherClients: true, up: { packetsIn: 450 } });
  expect(report.packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: report.packets.lost });
  expect(report.evidence).toMatchObject({ kind: "none", text: expect.stringContaining("other clients used it") });
  expect(renderReport([report])).toContain("relay: other clients used it during the run");
});

/** Sends datagrams through a relay that delays them, and resolves when they wait in it. */
async function letWait(relay: Relay, count: number): Promise<void> {
  const other = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: relay.port } });
  for (let sent = 0; sent < count; sent++) other.send("earlier");
  await until(() => relay.counts.up.waiting === count, "datagrams that wait");
  other.close();
}

test("what waits in the relay before a run is not among the counts of its measurement", async () => {
  await using target = await udpTarget("echo");
  await using slow = await labRelay("udp", target.port, "delay=300/0");
  await letWait(slow.relay, 20);
  const report = await run({ protocol: "udp", control: slow.control, via: "relay:slow", count: 50 });
  expect(report.via).toMatchObject({ otherClients: false, reason: null, up: { packetsIn: 50, waiting: 0 } });
  expect(report.via?.up?.waitingBytes).toBe(0);
});

test("what waits for longer than the timeout before a run is among the counts, and the report says so", async () => {
  await using target = await udpTarget("echo");
  await using slow = await labRelay("udp", target.port, "delay=60000/0");
  await letWait(slow.relay, 20);
  const short = { count: 50, timeout: 0.1, wait: 0.1 };
  const report = await run({ protocol: "udp", control: slow.control, via: "relay:slow", ...short });
  expect(report.via).toMatchObject({ otherClients: null, up: { packetsIn: 70, packetsOut: 0, waiting: 70 } });
  expect(report.via?.reason).toContain("packets from before the measurement waited in the relay");
  expect(report.packets).toMatchObject({ lostUp: 0, unexplained: report.packets.lost });
});

test.each([
  ["ends", "end", "the relay did not respond at the end of the run"],
  ["is made again", "again", "the relay was made again during the run"],
] as const)("a relay that %s in mid-run: the directions are not known", async (_, action, reason) => {
  await using target = await udpTarget("echo");
  await using slow = await labRelay("udp", target.port, "none");
  const before = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: slow.relay.port } });
  for (let sent = 0; sent < 1000; sent++) before.send("earlier client");
  await until(() => slow.relay.counts.up.packetsIn > 500, "the relay's counts");
  before.close();
  const current = start({ protocol: "udp", control: slow.control, via: "relay:slow" });
  await until(() => current.measured.recorder().counts.sent > 200, "packets sent");
  await slow[action]();
  const report = balanced(await current.report);
  expect(report.via).toMatchObject({ relay: "slow", otherClients: null, reason, up: null, down: null });
  expect(report.packets.unexplained).toBe(report.packets.lost);
  expect(report.evidence.text).toContain(reason);
  expect(renderReport([report])).toContain("its counts are not known");
});

test.each([
  ["relay:fast", "udp", "has no relay fast; it has slow (udp 127.0.0.1:"],
  ["relay:slow", "tcp", "slow is a udp relay; tcp needs a tcp relay"],
] as const)("--via %s with %s ends the run before its first packet", async (via, protocol, reason) => {
  await using slow = await labRelay("udp", 9, "none");
  const report = await run({ protocol, control: slow.control, via, target: "127.0.0.1:9" });
  expect(report.packets.sent).toBe(0);
  expect(report.verdict.reasons[0]).toContain(reason);
  expect(report.errors).toEqual({ "no-relay": 1 });
});

test("a target that refuses is the reason of a run through a relay", async () => {
  const port = deadTcpPort();
  const report = await run({ protocol: "tcp", target: `127.0.0.1:${port}`, via: "none", count: 20 });
  expect(report.packets.answered).toBe(0);
  expect(report.verdict.reasons[0]).toContain("; the relay could not reach it (refused × ");
  expect(report.via?.upstreamErrors.refused).toBeGreaterThan(0);
});

test.each(["tcp", "udp"] as const)("a %s run through a relay to a target that refuses gives up", async (protocol) => {
  const target = `127.0.0.1:${await (protocol === "tcp" ? deadTcpPort() : deadUdpPort())}`;
  const report = await run({ protocol, target, via: "none", rate: 100, count: 5000, interval: 0.5 });
  expect(report).toMatchObject({ ended: "gave-up", packets: { answered: 0, late: 0 } });
  expect(report.packets.sent).toBeLessThan(2500);
  expect(report.verdict.reasons[0]).toContain("; the relay could not reach it (refused × ");
});

test.each(["relay:slow", "relay"] as const)(
  "--via %s to a target that refuses: the reason names what is behind the relay",
  async (via) => {
    const port = await deadUdpPort();
    await using slow = await labRelay("udp", port, "none");
    const address = `127.0.0.1:${slow.relay.port}`;
    const target = via === "relay" ? { target: address } : {};
    const report = await run({ protocol: "udp", control: slow.control, via, count: 20, ...target });
    const where = `127.0.0.1:${port} through the relay at ${address}`;
    const reason = `nothing listens at ${where} (ECONNREFUSED); the relay could not reach it (refused × `;
    expect(report.verdict.reasons[0]).toStartWith(reason);
  },
);

test.each(["tls", "websocket"] as const)(
  "%s to a target that refuses: the reason names it and the relay",
  async (protocol) => {
    const port = deadTcpPort();
    const report = await run({ protocol, target: `127.0.0.1:${port}`, via: "none", count: 20 });
    expect(report.packets.sent).toBe(0);
    expect(report.verdict.reasons[0]).toContain(`127.0.0.1:${port} through the relay at ${report.via?.address}`);
    expect(report.verdict.reasons[0]).toContain("; the relay could not reach it (refused × ");
    expect(report.via).toMatchObject({ reason: null, up: { waiting: 0 } });
  },
);

test("a control address without a lab", async () => {
  const control = `127.0.0.1:${deadTcpPort()}`;
  const report = await run({ protocol: "udp", control, via: "relay:slow" });
  expect(report.verdict.reasons[0]).toBe(`--via relay:slow: no lab responds at ${control}`);
});

test("the part of an answer that has arrived at the end is no error", async () => {
  await using target = tcpTarget("stamp");
  const slow = { via: "slice=0/slice(100,0,50)", size: 1000, rate: 1000, count: 3, timeout: 1.2, wait: 1.2 };
  const report = await run({ protocol: "tcp", target: `127.0.0.1:${target.port}`, ...slow });
  expect([1, 2]).toContain(report.packets.answered); // 1,002 octets take 500 ms
  expect(report.errors).toEqual({});
});

test("connections that a fault ends are counted, and in the text", async () => {
  await using target = tcpTarget("stamp");
  const options = { via: "stall=1/0,limit=none/300", connections: 3, timeout: 0.1, wait: 0.1, count: 20 };
  const report = await run({ protocol: "tcp", target: `127.0.0.1:${target.port}`, ...options });
  expect(report.via).toMatchObject({ up: { effects: { stall: 3 } }, down: { effects: {} } });
  expect(tableOf(report)).toContainEqual(["injected: stall", "3", "0"]);
});

test("the library starts relays too", async () => {
  await using target = await udpTarget("echo");
  const options = { protocol: "udp", control: false, target: `127.0.0.1:${target.port}`, via: "delay=5/5" } as const;
  const report = await runOfLibrary({ ...options, ...SLOW, count: 20 }).report;
  expect(report.packets).toMatchObject({ sent: 20, answered: 20 });
  expect(report.via).toMatchObject({ relay: null, up: { packetsIn: 20 }, down: { packetsOut: 20 } });
  expect(() => runOfLibrary({ protocol: "udp", via: "stall=1" })).toThrow(
    'via stall=1: a udp relay has no fault "stall"',
  );
});

test("repeated runs have the counts of each relay", async () => {
  await using target = await udpTarget("echo");
  const { recorded, environment } = recordingEnvironment();
  const plan = "--rate 500 --count 40 --timeout 100ms --wait 100ms --control none --quiet --repeat 2 --json r.json";
  const line = `--proto udp --target 127.0.0.1:${target.port} --via drop=0.5 ${plan}`;
  await runCommand(line.split(" "), { ...environment, openRelay: openOwnRelay });
  const reports = readReports(recorded.files["r.json"] ?? "") ?? [];
  expect(reports.length).toBe(2);
  for (const [index, { via }] of reports.entries()) {
    const text = `udp run ${index + 1}: relay: upstream ${via?.up?.dropped} of 40 datagrams dropped`;
    expect(recorded.out.replaceAll(/\s+/g, " ")).toContain(text);
  }
});

// Alone, because its status depends on the validity of the run.
test("the command: a report with its packets, verified, then repeated and compared", async () => {
  await using target = await udpTarget("echo");
  const { recorded, environment } = recordingEnvironment();
  const command = (line: string) => runCommand(line.split(" "), { ...environment, openRelay: openOwnRelay });
  const plan = "--rate 500 --count 200 --timeout 1s --wait 1s --seed 9 --control none --quiet";
  const first = `--proto udp --target 127.0.0.1:${target.port} --via drop=0.2/0.1,delay=2 ${plan}`;
  expect(await command(`${first} --packets p.csv --json r.json`)).toBe(0);
  const [report] = readReports(recorded.files["r.json"] ?? "") ?? [];
  if (report === undefined) throw new Error("no report");
  const lines = compareReport(withSums(balanced(report)), readRows(recorded.files["p.csv"] ?? ""));
  expect(lines.filter(({ result }) => result === "differs")).toEqual([]);
  const result = (name: string) => lines.find((line) => line.name === `udp ${name}`);
  expect(result("via.down.packetsOut")).toMatchObject({ result: "equal", reported: report.packets.answered });
  expect(result("packets.lostUp")).toMatchObject({
    result: "not in the file",
    note: expect.stringContaining("the relay's counts"),
  });
  expect(await command("--repeat r.json --json s.json --compare r.json --explain --quiet")).toBe(0);
  const [again] = readReports(recorded.files["s.json"] ?? "") ?? [];
  expect(again?.via).toMatchObject({ faults: "drop=0.2/0.1,delay=0/2", up: { dropped: report.via?.up?.dropped } });
  for (const text of ["relay upstream dropped", "relay downstream delay", "The relay and the target dropped"])
    expect(recorded.out.replaceAll(/\s+/g, " ")).toContain(text);
});
