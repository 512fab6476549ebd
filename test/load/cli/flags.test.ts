import { describe, expect, test } from "bun:test";
import { suggest } from "../../../src/base/suggest.ts";
import { parseCommand } from "../../../src/load/cli/flags.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { parseTarget } from "../../../src/load/plan/target.ts";
import { parseDuration, parseHeader, parseStages } from "../../../src/load/plan/values.ts";

const readFile = (path: string) => Buffer.from(`content of ${path}`);
const command = (line: string) => parseCommand(line === "" ? [] : line.split(" "), readFile);
const runs = (line: string) => command(line).runs;

describe("the command line", () => {
  test("one protocol with nothing else is a whole run", () => {
    const plan = planRun(runs("--proto udp")[0] ?? { protocol: "http" });
    expect(plan).toMatchObject({
      protocol: "udp",
      targetText: "127.0.0.1:7000",
      seconds: 10,
      size: 64,
      connections: 1,
    });
    expect(plan.stages).toEqual([{ from: 100, to: 100, seconds: 10 }]);
    expect(plan.controlUrl?.href).toBe("http://127.0.0.1:5000/");
  });

  test("every flag arrives with its unit", () => {
    const line =
      "--proto=tcp --target [::1]:6001 --control none --rate 2k --duration 1.5m --count 50 --size 100 --timeout 250ms --connections 3 --seed 9";
    expect(runs(line)[0]).toEqual({
      protocol: "tcp",
      target: "[::1]:6001",
      control: false,
      rate: 2000,
      duration: 90,
      count: 50,
      size: 100,
      timeout: 0.25,
      connections: 3,
      seed: 9,
    });
  });

  test("all is three runs", () => {
    expect(runs("--proto all --rate max").map(({ protocol, rate }) => [protocol, rate])).toEqual([
      ["http", "max"],
      ["tcp", "max"],
      ["udp", "max"],
    ]);
  });

  test.each([
    ["", "--proto is needed: udp, tcp, http or all"],
    ["--proto upd", "--proto upd: expected http, tcp, udp, all; did you mean udp?"],
    ["--prot udp", "unknown flag --prot; did you mean --proto?"],
    ["--proto udp --conections 3", "unknown flag --conections; did you mean --connections?"],
    ["--proto udp --flux", "unknown flag --flux; --help lists them all"],
    ["--proto udp fast", 'unexpected "fast": flags begin with --'],
    ["--proto udp --rate", "--rate needs a value"],
    ["--proto udp --rate --count 3", "--rate needs a value"],
    ["--proto udp --quiet=3", "--quiet takes no value"],
    ["--proto udp --rate 5 --rate 6", "--rate is given twice"],
    ["--proto udp --rate fast", "--rate fast: expected a number"],
    ["--proto udp --duration 5d", "--duration 5d: expected a time such as 200ms, 10s or 5m, or forever"],
    ["--proto udp --timeout forever", "--timeout forever: expected a time such as 200ms, 10s or 5m"],
  ])("%s is refused in one line", (line, message) => {
    expect(() => command(line)).toThrow(message);
  });

  test.each([
    ["--proto udp --rate 0", "--rate 0: expected 0.001 to 10000000 packets a second"],
    ["--proto udp --size 20", "--size 20: expected 44 to 65507"],
    ["--proto tcp --size 70000", "--size 70000: expected 44 to 65535"],
    ["--proto udp --count 1.5", "--count 1.5: expected a whole number"],
    ["--proto udp --connections 0", "--connections 0: expected 1 to 10000"],
    ["--proto udp --in-flight 5", "--in-flight requires --rate max on tcp or udp"],
    ["--proto http --mode plain", "--mode does not apply to http"],
    ["--proto udp --target http://x/", "udp takes host:port, not a URL"],
    ["--proto udp --target x:99999", "expected a port from 1 to 65535"],
    ["--proto tcp --target x:1/y", "tcp does not take a path"],
    ["--proto http --target ftp://x/", "expected http:// or https://"],
  ])("%s makes no plan", (line, message) => {
    expect(() => planRun(runs(line)[0] ?? { protocol: "udp" })).toThrow(message);
  });
});

test("durations", () => {
  expect(["200ms", "10s", "5m", "1h", "2"].map((text) => parseDuration("timeout", text))).toEqual([
    0.2, 10, 300, 3600, 2,
  ]);
  expect(parseDuration("timeout", "50us")).toBeCloseTo(50e-6, 12);
  expect(parseDuration("duration", "forever")).toBe(Number.POSITIVE_INFINITY);
});

test("suggest finds what is near and nothing else", () => {
  expect(suggest("durration", ["duration", "count"])).toBe("duration");
  expect(suggest("xyz", ["duration", "count"])).toBe(undefined);
});

test("targets", () => {
  expect(parseTarget("10.0.0.7", "udp")).toEqual({ hostname: "10.0.0.7", port: 7000 });
  expect(parseTarget("lab:7001", "udp")).toEqual({ hostname: "lab", port: 7001 });
  expect(parseTarget("::1", "tcp")).toEqual({ hostname: "::1", port: 6000 });
  expect(parseTarget("[fe80::1]:9", "tcp")).toEqual({ hostname: "fe80::1", port: 9 });
  expect(parseTarget("lab", "http").url?.href).toBe("http://lab:5000/");
  expect(parseTarget("lab:80/x?y", "http").url?.href).toBe("http://lab/x?y");
  expect(parseTarget("https://[::1]/x", "http")).toMatchObject({ hostname: "::1", port: 443 });
});

describe("values", () => {
  test("stages are ramps and steps", () => {
    expect(parseStages("0-1000/30s,1000/1m,1k-0/500ms")).toEqual([
      { from: 0, to: 1000, seconds: 30 },
      { from: 1000, to: 1000, seconds: 60 },
      { from: 1000, to: 0, seconds: 0.5 },
    ]);
    for (const bad of ["", "5", "5/", "a/5s", "1-2-3/5s", "5/0s", "5/5s,"])
      expect(() => parseStages(bad)).toThrow("is not a stage");
  });

  test("a header field is a name and a value, and cannot smuggle in another", () => {
    expect(parseHeader("X-A: b: c")).toEqual(["X-A", "b: c"]);
    for (const bad of ["X-A", "X A: b", "X-A: b\r\nX-B: c", ": x"]) expect(() => parseHeader(bad)).toThrow("expected");
  });
});

test("flags of HTTP, objectives and outputs", () => {
  const line =
    "--proto http --method put --header A:1 --header B:2 --body @x --insecure --no-keep-alive --slo p99<5ms --slo loss<1% --json - --html r.html --explain -6";
  const {
    runs: [run],
    outputs,
    explain,
  } = command(line);
  expect(run).toEqual({
    protocol: "http",
    family: 6,
    objectives: ["p99<5ms", "loss<1%"],
    http: {
      method: "PUT",
      headers: [
        ["A", "1"],
        ["B", "2"],
      ],
      body: Buffer.from("content of x"),
      verify: false,
      keepAlive: false,
    },
  });
  expect(outputs).toEqual({ json: "-", html: "r.html" });
  expect(explain).toBe(true);
});

test.each([
  ["--proto udp --method GET", "--method goes with --proto http"],
  ["--proto udp -4 -6", "-4 and -6 exclude each other"],
  ["--proto udp --metrics-host 0.0.0.0", "--metrics-host goes with --metrics-port"],
  ["--proto udp --arrival possion", "--arrival possion: expected constant, poisson; did you mean poisson?"],
])("%s is refused", (line, message) => {
  expect(() => command(line)).toThrow(message);
});

test.each([
  ["--proto udp --stages 0-9/1s --rate 5", "--stages and --rate exclude each other"],
  ["--proto udp --stages 0-9/1s --duration 5s", "--stages and --duration exclude each other"],
  ["--proto udp --stages 0/1s", "at least one stage must have a rate above 0"],
  ["--proto udp --rate max --arrival poisson", "--arrival poisson requires a rate"],
  ["--proto udp --target ::1 -4", "-4 and the IPv6 address ::1 exclude each other"],
  ["--proto udp --slo p98<5ms", "--slo p98<5ms: p98 is not one of"],
  ["--proto udp --slo p99<5", "expected a time such as 5ms, not 5"],
  ["--proto udp --slo loss<5ms", "expected a share such as 0.1%, not 5ms"],
  ["--proto udp --slo fast", "expected an objective such as"],
])("%s makes no plan", (line, message) => {
  expect(() => planRun(runs(line)[0] ?? { protocol: "udp" })).toThrow(message);
});
