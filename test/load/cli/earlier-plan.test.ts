/** `--repeat FILE`: the plan of a report once again. */
import { describe, expect, test } from "bun:test";
import { runCommand } from "../../../src/load/cli/command.ts";
import { type Command, parseCommand } from "../../../src/load/cli/parse.ts";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { jsonOf, readReports } from "../../../src/load/report/files/json.ts";
import { withObjectives } from "../../../src/load/report/judge.ts";
import { reportedPlan } from "../../../src/load/report/origin.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { selfSigned } from "../../support/certificate.ts";
import { startTestLab } from "../../support/lab.ts";
import { recordingEnvironment } from "../support/environment.ts";
import { recorderOf, reportOn } from "../support/reports.ts";

/** The report of a run with these options. */
function reportFor(options: LoadOptions): RunReport {
  const report = reportOn(recorderOf([1, 2, 3]), { plan: planRun(options) });
  return withObjectives(report, (options.objectives ?? []).map(parseObjective));
}

/** The command `--repeat run.json` with other flags, over these reports. */
function repeated(reports: readonly RunReport[], flags = ""): Command {
  const words = `--repeat run.json ${flags}`.trim().split(" ");
  return parseCommand(words, () => Buffer.from(jsonOf(reports)));
}

/** The plan of the only run of a command. */
function planOf({ runs }: Command) {
  expect(runs).toHaveLength(1);
  return reportedPlan(planRun(runs[0] ?? { protocol: "udp" }));
}

describe("the plan is the same", () => {
  test.each<LoadOptions>([
    { protocol: "udp" },
    { protocol: "udp", target: "10.0.0.7:862", control: false, count: 1000, size: 100, family: 4, seed: 9 },
    { protocol: "udp", rate: 5000, duration: 3, timeout: 0.2, warmup: 0.5, percentiles: [50, 99.99] },
    { protocol: "udp", rate: "max", inFlight: 100, duration: Number.POSITIVE_INFINITY },
    { protocol: "udp", arrival: "poisson", stages: [{ from: 0, to: 100, seconds: 5 }] },
    { protocol: "udp", mode: "plain", connections: 3, wait: 9, control: "10.0.0.9:5000" },
    { protocol: "udp", mode: "plain", target: "[::1]:7", size: 9 },
    { protocol: "tcp", rate: "max", count: 500 },
    { protocol: "tcp", mode: "plain", rate: "max", connections: 7 },
    { protocol: "tcp", rate: 50, connections: 4, count: 10, duration: 60 },
    {
      protocol: "http",
      target: "https://10.0.0.7/health?x=1",
      http: { method: "HEAD", verify: false, keepAlive: false },
    },
    { protocol: "http", rate: "max" },
    { protocol: "http", connections: 256 },
    { protocol: "https", target: "h", verify: false },
    { protocol: "http2" },
    { protocol: "http2", rate: "max", connections: 3, streams: 9 },
    { protocol: "http3", target: "https://h/x" },
    { protocol: "http3", rate: "max", streams: 7 },
    { protocol: "websocket", target: "wss://h/chat" },
    { protocol: "tls", mode: "plain", connections: 2 },
  ])("%j", (options) => {
    const report = reportFor(options);
    if (report.plan === null) throw new Error("no plan");
    expect(planOf(repeated([report]))).toEqual(report.plan);
  });
});

test("objectives, percentiles and the number of repetitions are those of the report", () => {
  const report = reportFor({ protocol: "udp", objectives: ["p50<1s", "loss<1%"], percentiles: [75] });
  const command = repeated([1, 2, 3].map((index) => ({ ...report, repetition: { index, of: 3 } })));
  expect([command.repeat, command.runs.length]).toEqual([3, 1]);
  expect(command.runs[0]).toMatchObject({ objectives: ["p50<1s", "loss<1%"], percentiles: [75] });
});

test("both targets of --against are repeated", () => {
  const [one, other] = ["10.0.0.1", "10.0.0.2"].map((target) => reportFor({ protocol: "udp", target, seed: 4 }));
  if (one === undefined || other === undefined) throw new Error("no reports");
  const command = repeated([
    { ...one, repetition: { index: 1, of: 2, side: "target" } },
    { ...other, repetition: { index: 1, of: 2, side: "against" } },
  ]);
  expect(command.runs.map(({ target }) => target)).toEqual(["10.0.0.1:7000"]);
  expect(command.against?.map(({ target, seed }) => [target, seed])).toEqual([["10.0.0.2:7000", 4]]);
});

test("reports of several protocols are repeated together, or those of --proto", () => {
  const reports = (["http", "tcp", "udp"] as const).map((protocol) => reportFor({ protocol }));
  expect(repeated(reports).runs.map(({ protocol }) => protocol)).toEqual(["http", "tcp", "udp"]);
  expect(repeated(reports, "--proto tcp").runs.map(({ protocol }) => protocol)).toEqual(["tcp"]);
});

test("other flags replace parts of the plan", () => {
  const stages = [{ from: 10, to: 20, seconds: 7 }];
  const report = reportFor({ protocol: "udp", stages, seed: 5, objectives: ["p50<1s"], timeout: 0.3 });
  expect(planOf(repeated([report], "--rate 50"))).toMatchObject({ rate: 50, stages: null, seconds: 7, seed: 5 });
  expect(planOf(repeated([report], "--seed 8 --size 90"))).toMatchObject({ stages, seed: 8, size: 90 });
  expect(planOf(repeated([report], "--timeout 1s"))).toMatchObject({ timeoutSeconds: 1, waitSeconds: 2 });
  expect(planOf(repeated([report], "--target 10.0.0.5"))).toMatchObject({ control: "http://10.0.0.5:5000/" });
  expect(repeated([report], "--slo p99<9s").runs[0]?.objectives).toEqual(["p99<9s"]);
  const closed = reportFor({ protocol: "udp", rate: "max", inFlight: 90 });
  expect(planOf(repeated([closed], "--rate 70"))).toMatchObject({ rate: 70, inFlight: null });
});

test("header fields and bodies have to be given again", () => {
  const http = { method: "PUT", headers: [["a", "1"]], body: "x" } as const;
  const report = reportFor({ protocol: "http", target: "http://h/x", http });
  expect(() => repeated([report])).toThrow(
    "--repeat run.json: the run had --header, which reports leave out because it may be secret; give it again",
  );
  expect(() => repeated([report], "--header a:1")).toThrow("the run had --body");
  const [run] = repeated([report], "--header a:1 --body x").runs;
  expect(run?.http).toEqual({ ...http, keepAlive: true });
});

test("the certificates of --ca have to be given again, or --insecure; those of an insecure run can be given", () => {
  const { cert: ca } = selfSigned();
  const report = reportFor({ protocol: "tls", target: "h", ca });
  expect(report.plan?.tls).toEqual({ verify: true, ca: "options" });
  expect(() => repeated([report])).toThrow(
    "--repeat run.json: the run had --ca, which reports leave out; give it again, or --insecure",
  );
  expect(planOf(repeated([report], "--insecure"))?.tls).toEqual({ verify: false, ca: null });
  const given = parseCommand(["--repeat", "run.json", "--ca", "ca.pem"], (path) =>
    Buffer.from(path === "ca.pem" ? ca : jsonOf([reportFor({ protocol: "tls", verify: false })])),
  );
  expect(planOf(given)?.tls).toEqual({ verify: true, ca: "options" });
});

test.each([
  ["", "--repeat run.json: not a JSON report of this command"],
  ['{"schema":"wirelab.run/9"}', "--repeat run.json: not a JSON report of this command"],
  [
    JSON.stringify({ ...reportFor({ protocol: "udp" }), plan: null }),
    "--repeat run.json: the udp report has no plan; earlier versions did not write one",
  ],
  [
    JSON.stringify({ ...reportFor({ protocol: "udp" }), schema: "wirelab.run/1" }),
    "--repeat run.json: the udp report has no plan; earlier versions did not write one",
  ],
])("a file with %.30s is refused in one line", (text, message) => {
  expect(() => parseCommand(["--repeat", "run.json"], () => Buffer.from(text))).toThrow(message);
});

test("a file that cannot be read, and a protocol that the report does not have, are refused", () => {
  const missing = () => {
    throw Object.assign(new Error("ENOENT: no such file or directory"), { code: "ENOENT" });
  };
  expect(() => parseCommand(["--repeat", "x.json"], missing)).toThrow(
    "--repeat x.json: no such file; expected a number from 2 to 100, or a JSON report",
  );
  expect(() => repeated([reportFor({ protocol: "udp" })], "--proto tcp")).toThrow(
    "--repeat run.json: the report has no tcp run",
  );
});

test("a report of the command has its flags and the commit, and repeats the run from itself", async () => {
  await using lab = await startTestLab();
  const { recorded, environment } = recordingEnvironment();
  const line = `--proto udp --target 127.0.0.1:${lab.ports.udp} --control 127.0.0.1:${lab.ports.http} --rate 500 --count 40 --timeout 200ms --wait 200ms --arrival poisson --quiet`;
  const words = [...line.split(" "), "--json", "run.json"];
  expect(await runCommand(words, { ...environment, commit: "abc1234" })).toBe(0);
  const [first] = readReports(recorded.files["run.json"] ?? "") ?? [];
  expect(first?.host).toMatchObject({ commit: "abc1234", bun: Bun.version });
  expect(first?.plan?.flags).toEqual(words);
  expect(await runCommand("--repeat run.json --quiet --json again.json".split(" "), environment)).toBe(0);
  const [second] = readReports(recorded.files["again.json"] ?? "") ?? [];
  expect({ ...second?.plan, flags: [] }).toEqual({ ...first?.plan, flags: [] });
  expect(second?.packets.sent).toBe(40);
  expect(second?.seed).toBe(first?.seed ?? -1);
});
