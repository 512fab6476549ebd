import { expect, test } from "bun:test";
import { CLASSICS, PROTOCOLS } from "../../../src/base/protocol.ts";
import { parseCommand } from "../../../src/load/cli/parse.ts";
import { selfSigned } from "../../support/certificate.ts";

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
  expect(runs.map(({ protocol }) => protocol)).toEqual([...CLASSICS]);
  const [http, tcp, udp] = runs;
  expect(http).toEqual({ protocol: "http", rate: "max", http: { method: "GET" } });
  expect(tcp).toEqual({ protocol: "tcp", rate: "max", mode: "plain" });
  expect(udp).toEqual({ protocol: "udp", rate: "max", mode: "plain" });
});

/** The protocols of the runs of a command line. */
const protocolsOf = (line: string) => parse(line).runs.map(({ protocol }) => protocol);

test("--proto has lists, in the order of the registry and without repetitions, and names of groups", () => {
  expect(protocolsOf("--proto http3,http,http3")).toEqual(["http", "http3"]);
  expect(protocolsOf("--proto all,tls")).toEqual([...CLASSICS, "tls"]);
  expect(protocolsOf("--proto everything")).toEqual([...PROTOCOLS]);
});

test("of several protocols, those to which a flag does not apply ignore it", () => {
  const line = "--proto everything --streams 4 --connections 2 --mode plain --method GET --insecure --no-keep-alive";
  const options = Object.fromEntries(parse(line).runs.map(({ protocol, ...rest }) => [protocol, rest]));
  const request = { http: { method: "GET" } };
  const closing = { http: { method: "GET", keepAlive: false } };
  expect(options).toEqual({
    http: { ...closing, connections: 2, verify: false },
    tcp: { mode: "plain", connections: 2 },
    udp: { mode: "plain", connections: 2 },
    https: { ...closing, connections: 2, verify: false },
    http2: { ...request, connections: 2, streams: 4, verify: false },
    http3: { ...request, connections: 2, streams: 4, verify: false },
    websocket: { mode: "plain", connections: 2, verify: false },
    tls: { mode: "plain", connections: 2, verify: false },
  });
});

test("several protocols have one host, or a port or URL that all of them can have", () => {
  const targets = (line: string) => parse(line).runs.map(({ target }) => target);
  expect(targets("--proto everything --target lab")).toEqual(PROTOCOLS.map(() => "lab"));
  expect(targets("--proto tcp,udp --target lab:7")).toEqual(["lab:7", "lab:7"]);
  expect(targets("--proto https,http2,http3 --target https://lab/x")).toEqual(Array(3).fill("https://lab/x"));
  expect(targets("--proto http,websocket --target lab:80")).toEqual(["lab:80", "lab:80"]);
});

test("--ca has the certificates of a file", () => {
  const { cert } = selfSigned();
  const files: Record<string, string> = { "ca.pem": `made by hand\n${cert}` };
  const read = (path: string) => {
    if (files[path] === undefined) throw Object.assign(new Error("none"), { code: "ENOENT" });
    return Buffer.from(files[path]);
  };
  const [run] = parseCommand("--proto tls --ca ca.pem".split(" "), read).runs;
  expect(run?.ca).toBe(cert.trim());
  expect(() => parseCommand("--proto tls --ca none.pem".split(" "), read)).toThrow("--ca none.pem: ");
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
        keepAlive: false,
      },
      verify: false,
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
  expect(runs.map(({ target, control }) => [target, control])).toEqual(CLASSICS.map(() => ["a", "a:5001"]));
  expect(against).toEqual(CLASSICS.map((protocol) => ({ protocol, target: "b", rate: 50 })));
  const [without] = parse("--proto udp --repeat 2 --target a --against b --control none").against ?? [];
  expect(without?.control).toBe(false);
});

test("--help needs no protocol", () => {
  expect(parse("--help").help).toBe(true);
});

test.each([
  ["", `--proto is required: ${PROTOCOLS.join(", ")}, all or everything`],
  ["--proto upd", `--proto upd: expected ${PROTOCOLS.join(", ")}, all, everything; did you mean udp?`],
  ["--proto tcp,htp2", `--proto htp2: expected ${PROTOCOLS.join(", ")}, all, everything; did you mean http2?`],
  ["--proto tcp,", `--proto : expected ${PROTOCOLS.join(", ")}, all, everything`],
  ["--proto udp --rate fast", "--rate fast: expected a number"],
  ["--proto udp --duration 5d", "--duration 5d: expected a time such as 200ms, 10s or 5m, or forever"],
  ["--proto udp --timeout forever", "--timeout forever: expected a time such as 200ms, 10s or 5m"],
  ["--proto udp --arrival possion", "--arrival possion: expected constant, poisson; did you mean poisson?"],
  ["--proto udp --method GET", "--method requires --proto http, https, http2 or http3"],
  ["--proto websocket,tls --method GET", "--method requires --proto http, https, http2 or http3"],
  ["--proto http2 --no-keep-alive", "--no-keep-alive requires --proto http or https"],
  ["--proto tcp,udp --insecure", "--insecure requires --proto http, https, http2, http3, websocket or tls"],
  ["--proto http,tcp --streams 4", "--streams requires --proto http2 or http3"],
  ["--proto http,https --mode plain", "--mode requires --proto tcp, udp, websocket or tls"],
  ["--proto tls --ca x", "--ca x: expected certificates in PEM form"],
  [
    "--proto all --target lab:5000",
    "--target lab:5000: http and tcp do not share a port; give the host alone, for the port of each protocol",
  ],
  [
    "--proto http,tcp --target http://lab/",
    "--target http://lab/: tcp takes host:port, not a URL; with several protocols give the host alone",
  ],
  [
    "--proto https,websocket --repeat 2 --against https://lab/",
    "--against https://lab/: expected ws:// or wss://; with several protocols give the host alone",
  ],
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
