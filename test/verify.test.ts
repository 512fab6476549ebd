/** scripts/verify.ts: the packets of real runs give every number of their reports, and changed files do not. */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clockExpectations } from "../scripts/verify/clocks.ts";
import { compareReport, type Line } from "../scripts/verify/compare.ts";
import { FileError, reportsIn, rowsIn } from "../scripts/verify/files.ts";
import { PacketsError, readRows } from "../scripts/verify/rows.ts";
import { CLASSICS, type Protocol, REGISTRY } from "../src/base/protocol.ts";
import { KINDS_OF } from "../src/faults/faults.ts";
import { parseImpairments } from "../src/faults/text.ts";
import type { Lab } from "../src/lab.ts";
import type { LoadOptions } from "../src/load/plan/options.ts";
import { jsonOf } from "../src/load/report/files/json.ts";
import { PACKETS_HEADER } from "../src/load/report/files/packet-columns.ts";
import type { PacketForm } from "../src/load/report/files/packet-text.ts";
import type { RunReport } from "../src/load/report/report.ts";
import { type LoggedRun, runLogged } from "./load/support/packets.ts";
import { balanced } from "./load/support/sums.ts";
import { deadUdpPort, tcpTarget, udpTarget } from "./load/support/targets.ts";
import { startTestLab } from "./support/lab.ts";
import { filtersRun, runInNamespace } from "./support/namespace.ts";
import { runScript } from "./support/process.ts";

/** Faults of each kind; a protocol gets those that it accepts. The longest delays exceed the timeout. */
const FAULTS: Readonly<Record<string, string>> = {
  drop: "0.08/0.08",
  close: "0.03/0.03",
  stall: "0.02/0.02",
  burst: "gilbert(0.02,0.4)/0",
  delay: "uniform(0,40)/uniform(0,110)",
  duplicate: "0.05/0.1",
  reorder: "0.05/0.1",
  corrupt: "0.03/0.05",
  reset: "0.003",
  status: "500:0.05",
};

/** A UDP echo server on port 7000. */
const ECHO = `Bun.udpSocket({ hostname: "127.0.0.1", port: 7000, socket: { data: (s, d, p, a) => void s.send(d, p, a) } });
console.error("echo")`;

/** A lab with every fault that the protocol accepts. */
function faultyLab(protocol: Protocol, kinds: readonly string[] = KINDS_OF[protocol]): Promise<Lab> {
  const text = kinds.map((kind) => `${kind}=${FAULTS[kind]}`).join(",");
  return startTestLab({ impair: parseImpairments(`${protocol}:${text}`), seed: 4 });
}

function optionsFor(lab: Lab, protocol: Protocol, options: Partial<LoadOptions> = {}): LoadOptions {
  return {
    protocol,
    target: `127.0.0.1:${lab.ports[protocol]}`,
    control: `127.0.0.1:${lab.ports.http}`,
    rate: 2000,
    count: 800,
    timeout: 0.1,
    wait: 0.2,
    seed: 3,
    percentiles: [0.1, 50, 75, 97.5, 99.99, 100],
    objectives: ["p50<1s", "p95<1s", "p99<5ms", "mean<1s", "loss<50%", "errors<1%", "late<90%", "jitter<1s", "rate>=1"],
    ...options,
  };
}

/** The lines of a run that are not "equal". */
function exceptions({ report, packets }: LoggedRun): Line[] {
  const lines = compareReport(report, readRows(packets));
  expect(lines.length).toBeGreaterThan(100);
  return lines.filter(({ result }) => result !== "equal");
}

/** Runs, and fails unless every number that is in the file is equal. Returns the report and the names of the others. */
async function verified(options: LoadOptions, form?: PacketForm) {
  const run = await runLogged(options, form);
  const others = exceptions(run);
  expect(others.filter(({ result }) => result === "differs")).toEqual([]);
  expect(run.report.packetLog).toEqual({ rows: readRows(run.packets).length, omitted: 0 });
  const absent = [
    ...new Set(others.map(({ name }) => name.replace(/^\w+ /, "").replace(/^handshakes\..*/, "handshakes"))),
  ];
  return { ...run, report: balanced(run.report), absent };
}

/** Numbers that no packets file has. */
const NEVER = [
  "handshakes", // one number or more, by the kinds of the protocol
  "durationSeconds",
  "loss.places.path",
  "loss.places.targetBuffer",
  "loss.places.ownBuffer",
  "receiveDelay.p50",
  "receiveDelay.p99",
  "receiveDelay.max",
];
/** What the packets of serial clients do not have beyond these: they can wait for their connection. */
const SERIAL = ["handOver.bunched", "handOver.largestBurst"];
const BY_THE_LAB = ["lostUp", "lostDown", "droppedUp", "droppedDown", "unexplained"].map((name) => `packets.${name}`);

describe.each(CLASSICS)("%s", (protocol) => {
  test("with every fault at once", async () => {
    await using lab = await faultyLab(protocol);
    // A busy machine can hold up all answers that are late; they are so up to the waiting time.
    const { report, absent } = await verified(optionsFor(lab, protocol, { connections: 4, wait: 1 }));
    const { packets } = report;
    expect(packets.lost * packets.late).toBeGreaterThan(0);
    for (const kind of ["duplicate", "corrupt"] as const) {
      if (KINDS_OF[protocol].some((name) => name === kind)) expect(packets[kind]).toBeGreaterThan(0);
    }
    if (KINDS_OF[protocol].some((name) => name === "status")) expect(packets.failed).toBeGreaterThan(0);
    const directions = report.evidence.kind === "lab" ? BY_THE_LAB : [];
    const serial = REGISTRY[protocol].stamp ? [] : SERIAL;
    expect(absent.toSorted()).toEqual([...NEVER, ...directions, ...serial].toSorted());
  });

  test("without faults, after a warm-up, with an interval of every percentile but the last", async () => {
    await using lab = await startTestLab();
    const options = { warmup: 0.1, count: 1500, rate: 3000, connections: 2, timeout: 1, wait: 2 };
    const { report } = await verified(optionsFor(lab, protocol, options), "ndjson");
    expect(report.packets).toMatchObject({ planned: 1500, lost: 0 });
    expect(report.loss.highIfIndependent).toBeGreaterThan(0);
  });

  test("in a closed loop with losses in bursts", async () => {
    await using lab = await faultyLab(protocol, ["burst"]);
    const { report } = await verified(optionsFor(lab, protocol, { rate: "max", count: 1500, timeout: 0.05 }));
    expect(report.packets.sent).toBe(1500);
    expect(report.loss.bursts.max).toBeGreaterThan(1);
  });
});

describe("other targets and modes", () => {
  test.each(CLASSICS.filter((protocol) => REGISTRY[protocol].stamp))("plain text on %s", async (protocol) => {
    await using lab = await faultyLab(protocol, ["drop", "delay"]);
    const { report } = await verified(optionsFor(lab, protocol, { mode: "plain", rate: 500, count: 250 }));
    expect(report.packets.lost).toBeGreaterThan(0);
  });

  test.each(["stateful", "stateless", "echo"] as const)("a %s target without a lab", async (answering) => {
    await using target = await udpTarget(answering, {
      dropUp: (n) => n % 11 === 3,
      dropDown: (n) => n % 13 === 5,
      copiesDown: (n) => (n % 7 === 0 ? 2 : 1),
      delayMs: (n) => (n % 50 === 9 ? 120 : 0),
    });
    const options = {
      target: `127.0.0.1:${target.port}`,
      control: false,
      rate: 1500,
      count: 500,
      timeout: 0.1,
    } as const;
    const { report } = await verified({ protocol: "udp", wait: 0.3, ...options });
    expect(report.evidence.kind).toBe(answering === "stateful" ? "reflector" : "none");
    const { lost, late, lostUp, lostDown } = report.packets;
    expect(lost).toBeGreaterThan(50);
    expect(late).toBeGreaterThan(5);
    expect(lostUp).toBeLessThanOrEqual(target.counts.droppedUp);
    expect(lostDown).toBeLessThanOrEqual(target.counts.droppedDown);
  });

  test("copies of answers that have no numbers", async () => {
    await using target = await udpTarget("plain", { copiesDown: (n) => (n % 5 === 0 ? 2 : 1) });
    const options = {
      mode: "plain",
      target: `127.0.0.1:${target.port}`,
      control: false,
      rate: 500,
      count: 100,
    } as const;
    const { report } = await verified({ protocol: "udp", timeout: 0.2, wait: 0.2, ...options });
    expect(report.duplicates?.unexplained).toBeGreaterThan(0);
  });

  test("answers in several parts, of which all but the first belong to no packet", async () => {
    await using target = tcpTarget("twice");
    const options = {
      mode: "plain",
      target: `127.0.0.1:${target.port}`,
      control: false,
      rate: 100,
      count: 30,
    } as const;
    const { report } = await verified({ protocol: "tcp", timeout: 0.2, wait: 0.2, ...options });
    expect(report.bytes.received).toBeGreaterThan("ACK-TCP".length * report.packets.answered);
  });

  test("a reflector that packets reach out of order", async () => {
    await using lab = await startTestLab({ impair: parseImpairments("udp:drop=0.1/0.05,delay=uniform(0,20)") });
    const { report } = await verified(optionsFor(lab, "udp", { control: false, connections: 3 }));
    const { lost, lostUp, lostDown, reordered } = report.packets;
    expect(report.evidence.kind).toBe("reflector");
    expect(reordered).toBeGreaterThan(0);
    expect(lostUp + lostDown).toBeLessThan(lost);
  });

  test("answers that are damaged beyond recognition", async () => {
    await using target = await udpTarget("stateful", {
      modify: (n, answer) => void (n % 20 === 4 && answer.fill(0xff)),
      dropUp: (n) => n % 30 === 7,
    });
    const options = { target: `127.0.0.1:${target.port}`, control: false, rate: 1000, count: 300 } as const;
    const { report } = await verified({ protocol: "udp", timeout: 0.1, wait: 0.3, ...options });
    expect(report.packets.corrupt).toBe(15);
    expect(report.loss.reason).toBe("damaged answers");
  });

  test("a port on which nothing listens", async () => {
    const target = `127.0.0.1:${await deadUdpPort()}`;
    const options = { target, control: false, rate: 500, count: 100, timeout: 0.1, wait: 0.1 } as const;
    const { report } = await verified({ protocol: "udp", ...options });
    expect(report.errors.ECONNREFUSED).toBeGreaterThan(0);
  });

  test("packets that the sender could not send", async () => {
    await using lab = await faultyLab("http", ["delay"]);
    const { report } = await verified(optionsFor(lab, "http", { connections: 2, rate: 500, count: 200 }));
    expect(report.packets.unsent).toBeGreaterThan(50);
  });

  test.skipIf(!filtersRun())(
    "datagrams that the kernel refused",
    async () => {
      const { out } = await runInNamespace(`
      directory=$(mktemp -d)
      trap 'rm -r $directory' EXIT
      coproc "$BUN" -e '${ECHO}' 2>&1
      echo=$COPROC_PID
      read -r <&"\${COPROC[0]}"
      iptables -A OUTPUT -p udp --dport 7000 -m u32 --u32 '28&0x3=1' -j DROP
      "$BUN" scripts/load.ts --proto udp --target 127.0.0.1:7000 --control none --quiet --rate 1000 --count 400 \
        --timeout 500ms --json $directory/run.json --packets $directory/packets.csv >/dev/null
      "$BUN" scripts/verify.ts $directory/run.json $directory/packets.csv || status=$?
      kill $echo
      exit "\${status:-0}"`);
      expect(out).toMatch(/^udp packets\.refused +100 +100 +equal/m);
      expect(out).toMatch(/^udp errors\.EPERM +100 +100 +equal/m);
      expect(out.trimEnd().split("\n").at(-1)).toMatch(/^verified: \d+ equal, 0 differ, \d+ not in the file$/);
    },
    30_000,
  );
});

/** Changes the cells of the first row with this fate. */
function withRow(packets: string, fate: string, change: (cells: string[], names: readonly string[]) => void): string {
  const [header = "", ...rows] = packets.split("\n");
  const index = rows.findIndex((row) => row.split(",")[3] === fate);
  const cells = rows[index]?.split(",") ?? [];
  change(cells, header.split(","));
  return [header, ...rows.with(index, cells.join(","))].join("\n");
}

/** Sets one cell of the first row with this fate. */
function withCell(packets: string, fate: string, column: string, change: (text: string) => string): string {
  return withRow(packets, fate, (cells, names) => {
    const index = names.indexOf(column);
    cells[index] = change(cells[index] ?? "");
  });
}

/** What differs, by name. */
function differing(report: RunReport, packets: string): string[] {
  const lines = compareReport(report, readRows(packets));
  return lines.filter(({ result }) => result === "differs").map(({ name }) => name.replace(/^\w+ /, ""));
}

describe("a file or a report that was changed", () => {
  let run: LoggedRun;
  beforeAll(async () => {
    await using lab = await faultyLab("udp");
    run = await runLogged(optionsFor(lab, "udp", { count: 400 }));
    expect(differing(run.report, run.packets)).toEqual([]);
  });

  const later = (text: string) => (Number(text) + 0.001).toFixed(9);
  test.each([
    ["the fate of an answered packet", "answered", "fate", () => "lost", "packets.answered"],
    ["the fate of a lost packet", "lost", "fate", () => "late", "packets.lost"],
    ["the fate of a corrupt packet", "corrupt", "fate", () => "refused", "packets.sent"],
    ["the time of an answer", "answered", "received", later, "serviceTime.mean"],
    ["the intended time of a packet", "answered", "intended", later, "responseTime.mean"],
    ["the send time of a packet", "answered", "sent", later, "serviceTime.mean"],
    ["T2", "answered", "t2", later, "oneWay.up.mean"],
    ["T4", "answered", "t4", later, "oneWay.down.mean"],
    ["the schedule error", "answered", "schedule_error", () => "9.000000000", "scheduleError.max"],
    ["the octets of an answer", "answered", "octets_received", () => "63", "bytes.received"],
    ["an error code", "answered", "error", () => "EPIPE", "errors.EPIPE"],
    ["a status", "answered", "status", () => "418", "statuses.418"],
    ["a count", "answered", "count", () => "2", "packets.sent"],
    ["the order of the answers", "answered", "arrival", () => "99999", "jitter.rfc3550"],
    ["the error estimate", "answered", "error_estimate", () => "1609", "reflectorClock.errorSeconds"],
  ] as const)("%s", (_what, fate, column, change, name) => {
    expect(differing(run.report, withCell(run.packets, fate, column, change))).toContain(name);
  });

  test("a duplicate with a number of its own was made upstream, a damaged one without a number was not", () => {
    const withNumber = (text: string) => withCell(run.packets, "duplicate", "reflector_sequence", () => text);
    expect(differing(run.report, withNumber("9999"))).toEqual(["duplicates.up", "duplicates.down"]);
    expect(differing(run.report, withNumber(""))).toEqual([]);
  });

  test("a row less, a row twice", () => {
    const rows = run.packets.split("\n");
    expect(differing(run.report, rows.toSpliced(5, 1).join("\n"))).toContain("packetLog.rows");
    expect(differing(run.report, rows.toSpliced(5, 0, rows[5] ?? "").join("\n"))).toContain("packetLog.rows");
  });

  test("every number of the report", () => {
    const rows = readRows(run.packets);
    const changed: RunReport = structuredClone(run.report);
    const equal = compareReport(run.report, rows).filter(({ result }) => result === "equal");
    const names = equal.map(({ name }) => name).filter((name) => change(changed, name.replace(/^\w+ /, "").split(".")));
    expect(names.length).toBeGreaterThan(90);
    const noticed = compareReport(changed, rows).filter(({ result }) => result === "differs");
    expect(names.filter((name) => !noticed.some((line) => line.name === name))).toEqual([]);
  });
});

/** Adds 2 % and 1 to the number at a path, if there is one; returns whether there is. */
function change(object: unknown, [key = "", ...rest]: readonly string[]): boolean {
  if (typeof object !== "object" || object === null) return false;
  const value: unknown = Reflect.get(object, key);
  if (rest.length > 0) return change(value, rest);
  return typeof value === "number" && Reflect.set(object, key, value * 1.02 + (Number.isInteger(value) ? 1 : 1e-6));
}

test("of exchanges with the same round trip, the report may take any for the offset of the clock", () => {
  const row = (sent: number, up: number, down: number) => {
    const cells: Record<string, string | number> = {
      ...{
        protocol: "udp",
        session: 0,
        sequence: 0,
        fate: "answered",
        intended: sent,
        sent,
        octets_sent: 44,
        count: 1,
      },
      ...{ t1: sent, t2: sent + up, t3: sent + up, t4: (sent + up + down).toFixed(9), received: sent + up + down },
    };
    return PACKETS_HEADER.trim()
      .split(",")
      .map((name) => cells[name] ?? "")
      .join(",");
  };
  const offset = (...rows: string[]) =>
    clockExpectations(readRows([PACKETS_HEADER.trim(), ...rows].join("\n")), true).get("oneWay.clockOffset.seconds");
  const [one, other] = [row(1, 0.000_1, 0.000_102), row(1.001, 0.000_102, 0.000_1)];
  expect(offset(one)).toMatchObject({ value: expect.closeTo(-1e-6, 9), within: expect.closeTo(2e-9, 10) });
  expect(offset(one, other)).toMatchObject({ within: expect.closeTo(2e-6, 8) });
  expect(offset(one, row(1.001, 0.000_103, 0.000_1))).toMatchObject({ within: expect.closeTo(2e-9, 10) });
});

test("rows that cannot be read are refused with their line", () => {
  const error = (text: string) => {
    try {
      return readRows(text);
    } catch (thrown) {
      return thrown instanceof PacketsError ? thrown.message : thrown;
    }
  };
  const row = (sent: string) => `udp,0,1,lost,0.1,${sent}${",".repeat(18)}1\n`;
  expect(error("protocol,session,sequence,sent\n")).toBe(
    "line 1: no column fate; expected the header of a --packets file",
  );
  expect(error(`${PACKETS_HEADER}${row("0.1")}`)).toMatchObject([{ sent: 100, fate: "lost", count: 1 }]);
  expect(error(`${PACKETS_HEADER}${row("0.1")}${row("soon")}`)).toBe('line 3: sent is "soon"; expected a number');
  expect(error(`${PACKETS_HEADER}${row("0.1").slice(0, -3)}`)).toBe("line 2: 23 cells; expected 24, as in line 1");
  expect(error('{"protocol":"udp","fate":"lost","sequence":"x"}')).toBe('line 1: sequence is "x"; expected a number');
  expect(error('{"protocol":"udp","fate":"lost","sequ')).toBe("line 1: not a complete object");
});

test("files that cannot be verified are refused with what they are", async () => {
  const directory = await mkdtemp(join(tmpdir(), "verify-"));
  const file = async (name: string, content: string | Uint8Array) => {
    const path = join(directory, name);
    await Bun.write(path, content);
    return path;
  };
  const error = (read: (path: string) => unknown, path: string) => {
    try {
      return read(path);
    } catch (thrown) {
      return thrown instanceof FileError ? thrown.message.replace(`${directory}/`, "") : thrown;
    }
  };
  try {
    const report = await file("run.json", '{ "schema": "wirelab.run/2", "protocol": "udp", "packetLog": null }');
    const packets = await file("packets.csv", PACKETS_HEADER);
    const compressed = await file("packets.csv.gz", Bun.gzipSync(PACKETS_HEADER));
    expect(error(rowsIn, packets)).toEqual([]);
    expect(error(reportsIn, report)).toBe(
      "run.json: the udp report is of a run without --packets; allowed: a run with it",
    );
    expect(error(rowsIn, report)).toBe("run.json: a JSON report; the report comes first, then the packets");
    expect(error(reportsIn, packets)).toBe("packets.csv: a packets file; the report comes first, then the packets");
    expect(error(reportsIn, await file("cut.json", '{ "schema":'))).toBe(
      "cut.json: not a JSON report of the load command; allowed: the complete file of its --json",
    );
    for (const read of [reportsIn, rowsIn]) {
      expect(error(read, compressed)).toBe("packets.csv.gz: the file is compressed; decompress it with gunzip");
      expect(error(read, await file("empty", ""))).toBe("empty: the file is empty");
      expect(error(read, join(directory, "none"))).toBe("none: no such file");
      expect(error(read, directory)).toBe(`${directory}: a directory`);
    }
    const swapped = await runScript("scripts/verify.ts", [packets, report]);
    expect(swapped.status).toBe(2);
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe("the command", () => {
  test("a report of all protocols and one file, a changed row, and an incomplete file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "verify-"));
    const [json, csv] = [join(directory, "run.json"), join(directory, "packets.csv")];
    try {
      const runs = await Promise.all(
        CLASSICS.map(async (protocol) => {
          await using lab = await faultyLab(protocol, ["drop"]);
          return await runLogged(optionsFor(lab, protocol, { count: 100, rate: 500 }));
        }),
      );
      const [header = ""] = runs[0]?.packets.split("\n") ?? [];
      const packets = `${header}\n${runs.map((run) => run.packets.slice(header.length + 1)).join("")}`;
      await Bun.write(json, jsonOf(runs.map(({ report }) => report)));
      await Bun.write(csv, packets);
      const good = await runScript("scripts/verify.ts", [json, csv]);
      expect(good.out.trimEnd().split("\n").at(-1)).toMatch(/^verified: \d{3} equal, 0 differ, \d+ not in the file$/);
      expect(good.status).toBe(0);
      for (const protocol of CLASSICS)
        expect(good.out).toMatch(new RegExp(`^${protocol} packets.sent +100 +100 +equal`, "m"));
      await Bun.write(
        csv,
        withCell(packets, "lost", "fate", () => "answered"),
      );
      const changed = await runScript("scripts/verify.ts", [json, csv]);
      expect(changed.out).toMatch(/packets\.answered +\d+ +\d+ +differs/);
      expect(changed.out.trimEnd().split("\n").at(-1)).toMatch(/^not verified: /);
      expect(changed.status).toBe(1);
      await Bun.write(csv, packets.split("\n").toSpliced(3, 1).join("\n"));
      const shorter = await runScript("scripts/verify.ts", [json, csv]);
      expect(shorter.out.trimEnd().split("\n").at(-2)).toMatch(/^the numbers of rows differ/);
      const [first, ...others] = runs.map(({ report }) => report);
      if (first === undefined) throw new Error("no report");
      await Bun.write(json, jsonOf([{ ...first, packetLog: { rows: 90, omitted: 10 } }, ...others]));
      const incomplete = await runScript("scripts/verify.ts", [json, csv]);
      expect(incomplete.out.trimEnd().split("\n").at(-1)).toMatch(
        /^incomplete: 10 rows were left out of the packets file/,
      );
      expect(incomplete.status).toBe(1);
    } finally {
      await rm(directory, { recursive: true });
    }
  }, 30_000);
});
