/** The series of a lab, as `/metrics` serves them. */
import { expect, test } from "bun:test";
import { version } from "../../package.json";
import { isProtocol, isSecure, PROTOCOLS, type Protocol, REGISTRY } from "../../src/base/protocol.ts";
import type { LabOptions } from "../../src/lab.ts";
import { LAB_SERIES, type SeriesTable, STRUCTURES } from "../../src/metrics/catalogue.ts";
import { DROP_REASONS, HANDSHAKE_RESULTS, RESPONSE_BUCKETS } from "../../src/metrics/counters.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { scrape, textOf } from "../support/scrape.ts";

test("every series exists with the value 0 at the first scrape", async () => {
  await using lab = await startTestLab();
  const series = await scrape(lab);
  for (const protocol of ["http", "tcp", "udp"] as const) {
    for (const name of ["packets_total", "dropped_packets_total", "response_time_seconds_sum"]) {
      expect(series.get(name, { protocol })).toBe(0);
    }
    expect(series.get("response_time_seconds_count", { protocol })).toBe(0);
    for (const le of [...RESPONSE_BUCKETS, "+Inf"]) {
      expect(series.get("response_time_seconds_bucket", { protocol, le: `${le}` })).toBe(0);
    }
    for (const reason of DROP_REASONS) expect(series.get("wirelab_drops_total", { protocol, reason })).toBe(0);
    for (const reason of REGISTRY[protocol].rejects) {
      expect(series.get("wirelab_rejected_total", { protocol, reason })).toBe(0);
    }
  }
  for (const kind of ["drop", "burst", "delay", "duplicate", "reorder", "corrupt"]) {
    expect(series.get("wirelab_impairments_total", { protocol: "udp", kind, direction: "down" })).toBe(0);
  }
  expect(series.get("wirelab_udp_receive_buffer_drops_total", { socket: "udp" })).toBe(0);
});

test("the build, the process and the limits have series with their values", async () => {
  await using lab = await startTestLab({ commit: "abc1234" });
  const series = await scrape(lab);
  const build = { version, bun_version: Bun.version, commit: "abc1234" };
  expect(series.get("wirelab_build_info", build)).toBe(1);
  expect(series.get("process_resident_memory_bytes")).toBeGreaterThan(10e6);
  expect(series.get("process_open_fds")).toBeGreaterThan(3);
  expect(series.get("process_start_time_seconds")).toBeGreaterThan(1.7e9);
  expect(series.get("wirelab_bounded_limit", { structure: "sessions" })).toBe(4096);
});

const RELAYS: LabOptions["relays"] = [
  {
    name: "r",
    protocol: "udp",
    listen: { host: "127.0.0.1", port: 0 },
    upstream: { host: "127.0.0.1", port: 9000 },
  },
];

/** The values of a label in the series whose name begins with `name`, in the order of the exposition. */
function valuesOf(text: string, name: string, label: string): string[] {
  const values = text.matchAll(new RegExp(`^${name}.*\\b${label}="([^"]*)"`, "gm"));
  return [...new Set([...values].map(([, value = ""]) => value))];
}

/** The series that have the label `protocol` for every protocol that is served. */
const PER_PROTOCOL = [
  "packets_total",
  "dropped_packets_total",
  "response_time_seconds",
  "wirelab_received_bytes_total",
  "wirelab_sent_bytes_total",
  "wirelab_drops_total",
  "wirelab_rejected_total",
  "wirelab_impairments_total",
  "wirelab_impairment_changes_total",
];

test.each<[string, LabOptions, readonly Protocol[]]>([
  ["everything", { ...ALL_FREE_PORTS, toxiproxyPort: 0 }, PROTOCOLS],
  ["TLS off", { tls: "off" }, PROTOCOLS.filter((protocol) => !isSecure(protocol))],
  ["HTTP/3 off", { ...ALL_FREE_PORTS, http3Port: "off" }, PROTOCOLS.filter((protocol) => protocol !== "http3")],
])("with %s, the protocols that are served have series, and no others", async (_, options, served) => {
  await using lab = await startTestLab(options);
  const { text } = await textOf(lab);
  for (const name of PER_PROTOCOL)
    expect([name, valuesOf(text, `${name}(?:_bucket)?\\{`, "protocol")]).toEqual([name, [...served]]);
  const connected = served.filter((protocol) => REGISTRY[protocol].connections);
  expect(valuesOf(text, "wirelab_open_connections", "protocol")).toEqual(connected);
  const counted = connected.filter((protocol) => !REGISTRY[protocol].requests); // Bun.serve does not report connections
  expect(valuesOf(text, "wirelab_connections_total", "protocol")).toEqual(counted);
  const listed = STRUCTURES.filter((structure) => {
    if (structure === "toxiproxy-connections") return options.toxiproxyPort !== undefined;
    const [, protocol = ""] = /^(.*)-(?:connections|stalled)$/.exec(structure) ?? [];
    return !isProtocol(protocol) || served.includes(protocol);
  });
  for (const name of ["size", "limit", "overflows_total"]) {
    expect(valuesOf(text, `wirelab_bounded_${name}`, "structure")).toEqual([...listed]);
  }
  const shaken = served.filter((protocol) => protocol === "tls"); // Bun.serve does not report handshakes
  for (const name of ["handshakes_total", "handshake_seconds_bucket"]) {
    expect(valuesOf(text, `wirelab_tls_${name}`, "protocol")).toEqual(shaken);
  }
  const results = valuesOf(text, "wirelab_tls_handshakes_total", "result");
  expect(results).toEqual(shaken.length > 0 ? [...HANDSHAKE_RESULTS] : []);
  expect(valuesOf(text, "wirelab_", "protocol").filter((name) => !served.includes(name as Protocol))).toEqual([]);
});

test("every series of LAB_SERIES is served in order with its type, help and labels, and no other series", async () => {
  await using lab = await startTestLab({ ...ALL_FREE_PORTS, stampPort: 0, relays: RELAYS });
  const { text } = await textOf(lab);
  const declared = [...text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \w+ (\w+)$/gm)];
  const table: SeriesTable = LAB_SERIES;
  expect(declared.map(([, name, help, type]) => ({ name, help, type }))).toEqual(
    Object.entries(table).map(([name, { help, type }]) => ({ name, help, type })),
  );
  for (const [name, { labels }] of Object.entries(table)) {
    const samples = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? \\S+$`, "gm"))];
    expect([name, samples.length > 0]).toEqual([name, true]);
    for (const [, pairs = ""] of samples) {
      const names = [...pairs.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== "le");
      expect([name, names]).toEqual([name, [...labels]]);
    }
  }
});

test("every scrape is the text format 0.0.4, with help and type before each series", async () => {
  await using lab = await startTestLab();
  for (let round = 0; round < 2; round++) {
    const { text, contentType } = await textOf(lab);
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toContain("# TYPE packets_total counter");
    expect(text).toContain("# TYPE response_time_seconds histogram");
    const names = [...text.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?(?:\{.*\})? \S+$/gm)].map(([, name]) => name);
    for (const name of new Set(names)) expect(text).toMatch(new RegExp(`^# HELP ${name} .+\\n# TYPE ${name} `, "m"));
  }
});

test("labels have values from closed sets only: no address, port or path", async () => {
  await using lab = await startTestLab();
  await fetch(`http://127.0.0.1:${lab.ports.http}/no/such/route?x=1`);
  const { text } = await textOf(lab);
  const labels = new Set([...text.matchAll(/(\w+)="/g)].map(([, label]) => label));
  const allowed = ["protocol", "le", "reason", "kind", "direction", "structure", "socket", "mode", "standing"];
  expect([...labels].sort()).toEqual([...allowed, "version", "bun_version", "commit"].sort());
  expect(text).not.toContain("such");
});

const promtool = Bun.which("promtool");
if (!promtool) console.warn("SKIPPED: promtool is not installed; the exposition is not checked with it");
test.skipIf(!promtool)("promtool check metrics reports no problem, with every protocol and a relay", async () => {
  await using lab = await startTestLab({ ...ALL_FREE_PORTS, relays: RELAYS });
  const { text } = await textOf(lab);
  const check = Bun.spawn([promtool ?? "", "check", "metrics"], {
    stdin: Buffer.from(text),
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await new Response(check.stderr).text()).toBe("");
  expect(await new Response(check.stdout).text()).toBe("");
  expect(await check.exited).toBe(0);
});
