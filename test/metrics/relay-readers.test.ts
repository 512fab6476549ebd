/** The series of relays: they balance at every scrape, and only relays that are open have them. */
import { expect, test } from "bun:test";
import { parseLinkFaults } from "../../src/faults/link-text.ts";
import type { RunningLab } from "../../src/lab.ts";
import { RELAY_SERIES } from "../../src/metrics/relay-series.ts";
import { LOSS_REASONS } from "../../src/relay/counts.ts";
import { UPSTREAM_ERRORS } from "../../src/relay/relay-port.ts";
import type { RelayRoute } from "../../src/relay/route/route.ts";
import { startTestLab } from "../support/lab.ts";
import { type Series, scrape, textOf } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";

function route(name: string, protocol: "tcp" | "udp", port: number): RelayRoute {
  return { name, protocol, listen: { host: "127.0.0.1", port: 0 }, upstream: { host: "127.0.0.1", port } };
}

/** The terms of the balance of one direction. */
function balance(series: Series, relay: string, direction: string, unit: "packets" | "bytes") {
  const of = (what: string) => series.sum(`wirelab_relay_${what}`, { relay, direction });
  const came = of(`received_${unit}_total`) + of(`copied_${unit}_total`);
  return [came, of(`sent_${unit}_total`) + of(`dropped_${unit}_total`) + of(`waiting_${unit}`)];
}

/** Opens a relay to the lab's own port, because only then is that known. */
async function openRelay(lab: RunningLab, name: string, protocol: "tcp" | "udp", faults: string) {
  const relay = await lab.relays.put(route(name, protocol, lab.ports[protocol]));
  relay.setFaults(parseLinkFaults(protocol, faults));
  return relay;
}

test("a relay that is not open has no series", async () => {
  await using lab = await startTestLab();
  expect((await textOf(lab)).text).not.toMatch(/^wirelab_relay_/m);
  await lab.relays.put(route("gone", "udp", 9000));
  expect((await textOf(lab)).text).toMatch(/^wirelab_relay_open_flows\{relay="gone"\} 0$/m);
  await lab.relays.delete("gone");
  expect((await textOf(lab)).text).not.toMatch(/^wirelab_relay_/m);
});

test("every series of a relay exists from its start with the value 0", async () => {
  await using lab = await startTestLab({ relays: [route("r", "udp", 9000)] });
  const { text } = await textOf(lab);
  const series = await scrape(lab);
  for (const [name, { type }] of Object.entries(RELAY_SERIES)) {
    if (name === "wirelab_relay_flow_limit") continue;
    const found = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_count|_sum)?\\{.*relay="r".*\\} (\\S+)$`, "gm"))];
    expect([name, type, new Set(found.map(([, value]) => value))]).toEqual([name, type, new Set(["0"])]);
  }
  expect(series.get("wirelab_relay_flow_limit", { relay: "r" })).toBe(10_000);
  for (const direction of ["up", "down"]) {
    for (const reason of LOSS_REASONS) {
      expect(series.get("wirelab_relay_dropped_bytes_total", { relay: "r", direction, reason })).toBe(0);
    }
  }
  for (const reason of UPSTREAM_ERRORS) {
    expect(series.get("wirelab_relay_upstream_errors_total", { relay: "r", reason })).toBe(0);
  }
});

test("UDP: in each direction, received + copied = sent + dropped + waiting at every scrape under load", async () => {
  await using lab = await startTestLab();
  const faults =
    "drop=0.1/0.1,burst=gilbert(0.01,0.2)/0,delay=uniform(0,30)/5,duplicate=0.2/0.2,reorder=0.1/0.1,corrupt=0.1/0.1,rate=4M/0,queue=2000/0";
  const relay = await openRelay(lab, "u", "udp", faults);
  using client = await openUdp();
  const payload = Buffer.alloc(60, 1);
  const waits = new Set<boolean>();
  for (let round = 0; round < 25; round++) {
    for (let i = 0; i < 40; i++) client.send(payload, relay.port);
    const series = await scrape(lab);
    for (const direction of ["up", "down"]) {
      for (const unit of ["packets", "bytes"] as const) {
        const [came, went] = balance(series, "u", direction, unit);
        expect([direction, unit, went]).toEqual([direction, unit, came ?? Number.NaN]);
      }
    }
    waits.add(series.get("wirelab_relay_waiting_bytes", { relay: "u", direction: "up" }) > 0);
  }
  expect(waits).toContain(true);
  const waiting = async () => (await scrape(lab)).sum("wirelab_relay_waiting_packets", { relay: "u" });
  await until(async () => relay.counts.up.packetsIn === 1000 && (await waiting()) === 0, "all packets");
  const series = await scrape(lab);
  const up = { relay: "u", direction: "up" };
  expect(series.get("wirelab_relay_received_packets_total", up)).toBe(1000);
  expect(series.get("wirelab_relay_received_bytes_total", up)).toBe(60_000);
  for (const reason of ["drop", "burst", "queue-full"] as const) {
    const dropped = series.get("wirelab_relay_dropped_packets_total", { ...up, reason });
    expect(dropped).toBe(relay.counts.up.drops.get(reason));
    expect(dropped).toBeGreaterThan(0);
    expect(series.get("wirelab_relay_dropped_bytes_total", { ...up, reason })).toBe(60 * dropped);
  }
  for (const kind of ["delay", "duplicate", "reorder", "corrupt"] as const) {
    const injected = series.get("wirelab_relay_impairments_total", { ...up, kind });
    expect([kind, injected]).toEqual([kind, relay.counts.up.effects.get(kind)]);
    expect([kind, injected > 0]).toEqual([kind, true]);
  }
  const sent = series.get("wirelab_relay_sent_packets_total", up);
  const copies = series.get("wirelab_relay_copied_packets_total", up);
  expect(copies).toBeGreaterThan(0);
  expect(series.get("wirelab_relay_added_delay_seconds_count", up)).toBe(sent - copies);
  expect(series.get("wirelab_relay_added_delay_seconds_sum", up)).toBe(relay.counts.up.added.sum);
  expect(series.get("wirelab_relay_open_flows", { relay: "u" })).toBe(1);
  expect(series.get("wirelab_relay_impairment_changes_total", { relay: "u" })).toBe(1);
});

test("TCP: the octets balance at every scrape, and upstream errors are counted by reason", async () => {
  await using lab = await startTestLab();
  const relay = await openRelay(lab, "t", "tcp", "delay=3/3,rate=8M/8M,slice=100/0");
  using client = await openTcp(relay.port);
  client.write("STAMP/1\n");
  for (let round = 0; round < 25; round++) {
    for (let i = 0; i < 10; i++) client.write("x".repeat(44));
    const series = await scrape(lab);
    for (const direction of ["up", "down"]) {
      const [came, went] = balance(series, "t", direction, "bytes");
      expect([direction, went]).toEqual([direction, came ?? Number.NaN]);
    }
  }
  await until(() => relay.counts.up.bytesOut > 8, "octets on their way");
  const unreachable = await lab.relays.put(route("nobody", "tcp", 1));
  using refused = await openTcp(unreachable.port);
  await until(() => refused.ended, "the end of the connection");
  const series = await scrape(lab);
  expect(series.get("wirelab_relay_upstream_errors_total", { relay: "nobody", reason: "refused" })).toBe(1);
  expect(series.get("wirelab_relay_open_flows", { relay: "nobody" })).toBe(0);
});
