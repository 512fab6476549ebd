/** Repeated runs (`--repeat`) against a lab: reports, files, series, interruption and status. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { CLASSICS } from "../../src/base/protocol.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import { type Lab, startLab } from "../../src/lab.ts";
import { runCommand } from "../../src/load/cli/command.ts";
import type { SavedRun } from "../../src/load/cli/saved-runs.ts";
import { readReports } from "../../src/load/report/files/json.ts";
import { startTestLab } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { recordingEnvironment } from "./support/environment.ts";
import { balanced } from "./support/sums.ts";
import { deadTcpPort } from "./support/targets.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startTestLab({ impair: parseImpairments("udp:drop=0.1") });
});
afterAll(() => lab.stop());

/** The words of a command against one port of the lab. */
function words(line: string, protocol: (typeof CLASSICS)[number] = "udp"): string[] {
  const target = `--target 127.0.0.1:${lab.ports[protocol]} --control 127.0.0.1:${lab.ports.http}`;
  return `--proto ${protocol} ${target} --rate 500 --timeout 200ms --wait 200ms --interval 50ms ${line}`.split(" ");
}

test.each(CLASSICS)(
  "--repeat 3 over %s has three reports of three sessions, and a summary over them",
  async (protocol) => {
    const { recorded, environment } = recordingEnvironment();
    const line = "--count 50 --repeat 3 --seed 7 --json r.json --csv r.csv --hdr r.hdr --html r.html --explain";
    expect(await runCommand(words(line, protocol), environment)).toBe(0);
    const reports = readReports(recorded.files["r.json"] ?? "") ?? [];
    expect(reports.map(({ repetition, seed }) => [repetition, seed])).toEqual([
      [{ index: 1, of: 3 }, 7],
      [{ index: 2, of: 3 }, 8],
      [{ index: 3, of: 3 }, 9],
    ]);
    for (const report of reports) expect(balanced(report).packets.sent).toBe(50);
    const starts = reports.map(({ startedAt }) => Date.parse(startedAt));
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    const rows = (recorded.files["r.csv"] ?? "").trim().split("\n");
    expect(rows[0]).toStartWith("run,protocol,seconds,planned,unsent,refused,sent,");
    const column = (rows[0] ?? "").split(",").indexOf("sent");
    const sentIn = (run: string) =>
      rows.reduce((sum, row) => (row.startsWith(`${run},`) ? sum + Number(row.split(",")[column]) : sum), 0);
    expect(["1", "2", "3"].map(sentIn)).toEqual([50, 50, 50]);
    expect(Object.keys(recorded.files).filter((path) => path.endsWith(".hdr"))).toEqual(
      [1, 2, 3].map((run) => `r-${protocol}-${run}.hdr`),
    );
    expect(recorded.files["r.html"]).toContain(`, run 2 of 3</h2>`);
    expect(recorded.files["r.html"]?.match(/<svg /g)?.length).toBeGreaterThanOrEqual(9);
    expect(recorded.err).toContain(`run 2 of 3  ${protocol} `);
    const mean = reports.reduce((sum, { loss }) => sum + loss.ratio, 0) / 3;
    expect(recorded.out).toMatch(
      new RegExp(`^run 3 +50 .*\nmean over runs .*/s +${Number((mean * 100).toPrecision(3))} %$`, "m"),
    );
    expect(recorded.out).toContain(`${protocol}, run 3 of 3\n\npacket accounting`);
    expect(recorded.out).toMatch(new RegExp(`\n${protocol}: 3 of 3 runs completed, \\d+ of 150 answered, .*\n$`));
  },
  15_000,
);

test("--proto all makes the runs of all protocols side by side in each repetition", async () => {
  // The default ports on another loopback address, because a lab may already listen on 127.0.0.1.
  await using other = await startLab({ host: "127.0.0.78" });
  expect(other.ports.http).toBe(5000);
  const { recorded, environment } = recordingEnvironment();
  const target = `--target 127.0.0.78 --control none --count 20 --rate 500 --timeout 100ms --wait 100ms`;
  await runCommand(`--proto all ${target} --repeat 2 --quiet --json -`.split(" "), environment);
  const reports = readReports(recorded.out) ?? [];
  expect(reports.map(({ protocol, repetition }) => [protocol, repetition?.index])).toEqual(
    [1, 2].flatMap((run) => CLASSICS.map((protocol) => [protocol, run])),
  );
}, 15_000);

test("Ctrl-C ends the run under way; it and the completed ones are reported with status 130", async () => {
  const { recorded, environment } = recordingEnvironment();
  const ended = runCommand(words("--duration 400ms --repeat 50 --json r.json"), environment);
  await until(() => /run 2 of 50 .*answered [1-9]/.test(recorded.err), "the second run");
  recorded.interrupt();
  expect(await ended).toBe(130);
  const reports = readReports(recorded.files["r.json"] ?? "") ?? [];
  expect(reports.map(({ repetition, ended }) => [repetition?.index, ended])).toEqual([
    [1, "completed"],
    [2, "interrupted"],
  ]);
  expect(recorded.out).toMatch(/^run 2, interrupted +\d/m);
  expect(recorded.out).toContain("udp: 1 of 50 runs completed, ");
}, 15_000);

test("Ctrl-C in the first run leaves an array of one report", async () => {
  const { recorded, environment } = recordingEnvironment();
  const ended = runCommand(words("--duration 10s --repeat 2 --json -"), environment);
  await until(() => recorded.err.includes("answered"), "an interval");
  recorded.interrupt();
  expect(await ended).toBe(130);
  expect(JSON.parse(recorded.out)).toMatchObject([{ repetition: { index: 1, of: 2 }, ended: "interrupted" }]);
}, 15_000);

test("objectives are judged on every run; one that is missed in any run has status 1", async () => {
  const { recorded, environment } = recordingEnvironment();
  const line = "--count 50 --repeat 2 --quiet --slo max<1us --slo rate>1";
  expect(await runCommand(words(line), environment)).toBe(1);
  expect(recorded.out).toContain("udp: objective max<1us: met in 0 of 2 runs");
  expect(recorded.out).toContain("udp: objective rate>1: met in 2 of 2 runs");
  expect(recorded.out).toMatch(/^ {2}udp run 2: objective max<1us: MISSED: /m);
  expect(recorded.out).not.toContain("objective rate>1: MISSED");
}, 15_000);

test("a target that does not answer has status 3 and a row without values for each run", async () => {
  const { recorded, environment } = recordingEnvironment();
  const line = `--proto tcp --control none --target 127.0.0.1:${deadTcpPort()} --repeat 2 --quiet`;
  expect(await runCommand(line.split(" "), environment)).toBe(3);
  expect(recorded.out).toMatch(/^run 2, gave up +0 +0 +0( +–){8}$/m);
  expect(recorded.out).toContain("tcp: 0 of 2 runs completed, 0 of 0 answered, – lost; 2 NOT VALID, see above");
}, 15_000);

test("--save keeps each repetition as a run, and --compare of two sets judges by the spread between runs", async () => {
  const saved: (readonly SavedRun[])[] = [];
  const { recorded, environment } = recordingEnvironment();
  const save = { check() {}, keep: (runs: readonly SavedRun[]) => `kept as run ${saved.push(runs)}` };
  await runCommand(words("--count 40 --repeat 3 --quiet --json a.json --save"), { ...environment, save });
  expect(saved.map((runs) => runs.map(({ report }) => report.repetition?.index))).toEqual([[1], [2], [3]]);
  expect(recorded.err).toBe("kept as run 1\nkept as run 2\nkept as run 3\n");
  recorded.out = "";
  await runCommand(words("--count 40 --repeat 2 --quiet --compare a.json"), environment);
  expect(recorded.out).toMatch(/^udp +before, 3 runs +after, 2 runs +change +95 % interval +df$/m);
  expect(recorded.out).toMatch(/^mean .* \d\.\d +(better|worse|within noise)$/m);
}, 15_000);

test("--metrics-port counts the packets of all runs", async () => {
  const { recorded, environment } = recordingEnvironment();
  const port = deadTcpPort();
  const ended = runCommand(words(`--count 50 --repeat 40 --metrics-port ${port}`), environment);
  const sent = async () => {
    const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
    const value = (series: string) => Number(new RegExp(`^${series}\\{protocol="udp"\\} (\\d+)`, "m").exec(text)?.[1]);
    return [value("wirelab_load_sent_total"), value("wirelab_load_response_time_seconds_count")] as const;
  };
  await until(() => recorded.err.includes("run 3 of 40"), "the third run", 10_000);
  const [packets, times] = await sent();
  expect(packets).toBeGreaterThanOrEqual(100);
  expect(times).toBeGreaterThan(60);
  recorded.interrupt();
  await ended;
}, 20_000);

test("--against alternates two targets and compares them by the differences within the repetitions", async () => {
  await using slow = await startTestLab({ impair: parseImpairments("udp:delay=60") });
  const { recorded, environment } = recordingEnvironment();
  const line = `--count 60 --repeat 4 --quiet --against 127.0.0.1:${slow.ports.udp} --json r.json --csv r.csv --hdr r.hdr`;
  expect(await runCommand(words(line), environment)).toBe(0);
  const reports = readReports(recorded.files["r.json"] ?? "") ?? [];
  expect(reports.map(({ repetition }) => `${repetition?.index} ${repetition?.side}`)).toEqual([
    ...["1 target", "1 against", "2 against", "2 target"],
    ...["3 target", "3 against", "4 against", "4 target"],
  ]);
  for (const { repetition, target } of reports) {
    expect(target).toBe(`127.0.0.1:${repetition?.side === "target" ? lab.ports.udp : slow.ports.udp}`);
  }
  const rows = (recorded.files["r.csv"] ?? "").trim().split("\n");
  expect(rows[0]).toStartWith("run,side,protocol,seconds,");
  expect(new Set(rows.slice(1).map((row) => row.split(",").slice(0, 2).join(" "))).size).toBe(8);
  expect(recorded.files["r-udp-4-against.hdr"]).toContain("Percentile");
  expect(recorded.out).toMatch(/^udp +target +against +change +95 % interval +df$/m);
  expect(recorded.out).toMatch(/^mean +\S+ \S+ +\S+ ms +\+\d+ % +.* 3\.0 +worse$/m);
  expect(recorded.out).toMatch(/^udp against: 4 of 4 runs completed, 240 of 240 answered/m);
}, 15_000);
