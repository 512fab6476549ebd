import { expect, test } from "bun:test";
import { PROTOCOLS } from "../../../src/base/protocol.ts";
import { parseCommand } from "../../../src/load/cli/parse.ts";

const readFile = (path: string) => Buffer.from(`content of ${path}`);
const parse = (line: string) => parseCommand(line === "" ? [] : line.split(" "), readFile);

test("flags become options with their units", () => {
  const line =
    "--proto=tcp --target [::1]:6001 --control none --rate 2k --duration 1.5m --count 50 --size 100 --timeout 250ms --connections 3 --seed 9 --percentiles 50,p95,99.9";
  expect(parse(line).runs).toEqual([
    {
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
      percentiles: [50, 95, 99.9],
    },
  ]);
});

test("--proto all is a run for each protocol, with the options that it has", () => {
  const { runs } = parse("--proto all --rate max --mode plain --method GET");
  expect(runs.map(({ protocol }) => protocol)).toEqual([...PROTOCOLS]);
  const [http, tcp, udp] = runs;
  expect(http).toEqual({ protocol: "http", rate: "max", http: { method: "GET" } });
  expect(tcp).toEqual({ protocol: "tcp", rate: "max", mode: "plain" });
  expect(udp).toEqual({ protocol: "udp", rate: "max", mode: "plain" });
});

test("HTTP options, objectives and outputs", () => {
  const line =
    "--proto http --method put --header A:1 --header B:2 --body @x --insecure --no-keep-alive --slo p99<5ms --slo loss<1% --json - --html r.html --explain -6";
  const { runs, outputs, explain } = parse(line);
  expect(runs).toEqual([
    {
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
    },
  ]);
  expect(outputs).toEqual({ json: "-", html: "r.html" });
  expect(explain).toBe(true);
});

test("the metrics endpoint has a port and, if given, a host", () => {
  expect(parse("--proto udp").metrics).toBe(undefined);
  expect(parse("--proto udp --metrics-port 9100 --metrics-host ::").metrics).toEqual({ port: 9100, host: "::" });
});

test("--against is the same run against a second target, without the control address of the first", () => {
  const { runs, against } = parse("--proto all --repeat 2 --target a --against b --control a:5001 --rate 50");
  expect(runs.map(({ target, control }) => [target, control])).toEqual(PROTOCOLS.map(() => ["a", "a:5001"]));
  expect(against).toEqual(PROTOCOLS.map((protocol) => ({ protocol, target: "b", rate: 50 })));
  const [without] = parse("--proto udp --repeat 2 --target a --against b --control none").against ?? [];
  expect(without?.control).toBe(false);
});

test("--help needs no protocol", () => {
  expect(parse("--help").help).toBe(true);
});

test.each([
  ["", `--proto is required: ${PROTOCOLS.join(", ")} or all`],
  ["--proto upd", `--proto upd: expected ${PROTOCOLS.join(", ")}, all; did you mean udp?`],
  ["--proto udp --rate fast", "--rate fast: expected a number"],
  ["--proto udp --duration 5d", "--duration 5d: expected a time such as 200ms, 10s or 5m, or forever"],
  ["--proto udp --timeout forever", "--timeout forever: expected a time such as 200ms, 10s or 5m"],
  ["--proto udp --arrival possion", "--arrival possion: expected constant, poisson; did you mean poisson?"],
  ["--proto udp --method GET", "--method requires --proto http"],
  ["--proto udp -4 -6", "-4 and -6 exclude each other"],
  ["--proto udp --against 10.0.0.7", "--against requires --repeat"],
  ["--proto udp --repeat 2 --against 10.0.0.7:0", "--against 10.0.0.7:0: expected a port from 1 to 65535"],
  ["--proto udp --repeat 1", "--repeat 1: expected a whole number from 2 to 100"],
  ["--proto udp --repeat 101", "--repeat 101: expected a whole number from 2 to 100"],
  ["--proto udp --repeat 2.5", "--repeat 2.5: expected a whole number from 2 to 100"],
  ["--proto udp --repeat x", "--repeat x: not a JSON report of this command"],
  [
    "--proto udp --repeat 2 --duration forever",
    "--repeat and --duration forever exclude each other: the first run would not end",
  ],
  ["--proto udp --metrics-host 0.0.0.0", "--metrics-host requires --metrics-port"],
])("%s is rejected", (line, message) => {
  expect(() => parse(line)).toThrow(message);
});
