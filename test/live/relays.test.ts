/** The relays in the live stream: rates of a second, sums since a change of faults, and what viewers may see. */
import { describe, expect, test } from "bun:test";
import { RelaySamples, visibleRelay } from "../../src/live/relays.ts";
import type { LiveSnapshot } from "../../src/live/shapes.ts";
import { Tally } from "../../src/metrics/counters.ts";
import { type RelayCounters, readRelay } from "../../src/metrics/relay-counters.ts";
import { DirectionCounts } from "../../src/relay/counts.ts";
import { UPSTREAM_ERRORS } from "../../src/relay/relay-port.ts";
import type { RelayRoute } from "../../src/relay/route/route.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";

const ROUTE: RelayRoute = {
  name: "dns",
  protocol: "udp",
  listen: { host: "127.0.0.1", port: 0 },
  upstream: { host: "db.example", port: 53 },
};

/** A relay whose counters the test writes. */
function fakeRelay(route = ROUTE) {
  const counts = { up: new DirectionCounts(), down: new DirectionCounts() };
  const relay = {
    route,
    port: 5300,
    upstreamAddress: "192.0.2.1",
    counts,
    knownReceiveBufferDrops: () => ({}),
    upstreamErrors: new Tally(UPSTREAM_ERRORS),
    open: { size: 2, limit: 100, overflows: 1 },
    faults: { up: { drop: 0.5 }, down: {} },
    faultChanges: 1,
    baseline: readRelay(counts, 0),
  } satisfies RelayCounters;
  return relay;
}

/** `count` packets of 100 octets that each stay for `ms`. */
function pass(counts: DirectionCounts, count: number, ms: number): void {
  for (let i = 0; i < count; i++) {
    counts.enter(100);
    counts.leave(100, ms);
  }
}

describe("RelaySamples", () => {
  test("has the rates of the last second, exact totals and the added delays", () => {
    const relay = fakeRelay();
    const samples = new RelaySamples(() => [relay], 0);
    pass(relay.counts.up, 8, 20);
    relay.counts.up.enter(50);
    relay.counts.up.lose(50, "drop");
    relay.counts.up.enter(7);
    samples.sample(2000);
    const [now] = samples.now(2000);
    expect(now?.up.second).toEqual({
      packetsIn: 5,
      bytesIn: 428.5,
      packetsOut: 4,
      bytesOut: 400,
      dropped: 0.5,
      droppedBytes: 25,
      added: { mean: 0.02, p50: 0.0175, p99: 0.02485 },
    });
    expect(now?.up.totals).toEqual({
      packetsIn: 10,
      bytesIn: 857,
      packetsOut: 8,
      bytesOut: 800,
      copies: 0,
      copiedBytes: 0,
      dropped: 1,
      droppedBytes: 50,
      waiting: 1,
      waitingBytes: 7,
    });
    samples.sample(3000);
    expect(samples.now(3000)[0]?.up.second).toEqual({
      packetsIn: 0,
      bytesIn: 0,
      packetsOut: 0,
      bytesOut: 0,
      dropped: 0,
      droppedBytes: 0,
      added: { mean: null, p50: null, p99: null },
    });
    expect(now?.down.totals.bytesIn).toBe(0);
  });

  test("counts from the last change of the faults, without what did not happen", () => {
    const relay = fakeRelay();
    pass(relay.counts.up, 5, 1);
    relay.counts.up.effects.add("delay", 5);
    relay.counts.up.queued.observe(9);
    const changed = { ...relay, baseline: readRelay(relay.counts, 1000) };
    const samples = new RelaySamples(() => [changed], 0);
    pass(relay.counts.up, 2, 30);
    relay.counts.up.effects.add("corrupt", 2);
    for (const seconds of [0.2, 0.3]) relay.counts.up.queued.observe(seconds);
    relay.counts.up.enter(60);
    relay.counts.up.lose(60, "queue-full");
    samples.sample(5000);
    const [now] = samples.now(5000);
    expect(now?.up.since).toEqual({
      packetsIn: 3,
      bytesIn: 260,
      packetsOut: 2,
      bytesOut: 200,
      copies: 0,
      copiedBytes: 0,
      dropped: 1,
      droppedBytes: 60,
      added: 0.03,
      queued: 0.25,
      drops: { "queue-full": 1 },
      dropBytes: { "queue-full": 60 },
      effects: { corrupt: 2 },
    });
    expect(now?.down.since).toMatchObject({ packetsIn: 0, added: null, queued: null, drops: {}, effects: {} });
  });

  test("shows the route, the faults, the open flows and the errors of each relay", () => {
    const relay = fakeRelay();
    relay.upstreamErrors.add("refused", 3);
    const samples = new RelaySamples(() => [relay], 0);
    samples.sample(1000);
    expect(samples.now(1000)[0]).toMatchObject({
      name: "dns",
      protocol: "udp",
      listen: "127.0.0.1:5300",
      upstream: "db.example:53",
      address: "192.0.2.1",
      faults: { text: "drop=0.5/0", changes: 1, seconds: 1 },
      open: 2,
      limit: 100,
      overflows: 1,
      upstreamErrors: { refused: 3 },
    });
  });

  test("forgets relays that are closed, and starts from zero with one of the same name", () => {
    const [first, second] = [fakeRelay(), fakeRelay()];
    let open: RelayCounters[] = [first];
    const samples = new RelaySamples(() => open, 0);
    pass(first.counts.up, 3, 1);
    samples.sample(1000);
    open = [second];
    pass(second.counts.up, 2, 1);
    samples.sample(2000);
    expect(samples.now(2000).map(({ up }) => [up.second.packetsIn, up.totals.packetsIn])).toEqual([[2, 2]]);
    open = [];
    samples.sample(3000);
    expect(samples.now(3000)).toEqual([]);
  });

  test("hides the upstream from viewers who may not change the lab", () => {
    const samples = new RelaySamples(() => [fakeRelay()], 0);
    samples.sample(1000);
    const [relay] = samples.now(1000);
    if (!relay) return expect.unreachable();
    expect(visibleRelay(relay, { peers: true })).toBe(relay);
    const hidden = visibleRelay(relay, { peers: false });
    expect([hidden.name, hidden.listen, hidden.upstream, hidden.address]).toEqual(["dns", "127.0.0.1:5300", "", ""]);
    expect(JSON.stringify(hidden)).not.toContain("db.example");
  });
});

describe("a lab", () => {
  /** The first snapshot that `isWanted`. */
  async function snapshotOf(url: string, isWanted: (snapshot: LiveSnapshot) => boolean): Promise<LiveSnapshot> {
    const { body } = await fetch(url);
    let text = "";
    for await (const chunk of body ?? expect.unreachable()) {
      text += new TextDecoder().decode(chunk);
      for (const [, data = ""] of text.matchAll(/event: snapshot\ndata: (.*)\n\n/g)) {
        const snapshot: LiveSnapshot = JSON.parse(data);
        if (isWanted(snapshot)) return snapshot; // which closes the stream
      }
    }
    return expect.unreachable();
  }

  test("has its relays in each snapshot, and closes them when it stops", async () => {
    const echo = await Bun.udpSocket({
      hostname: "127.0.0.1",
      socket: { data: (socket, data, port, address) => void socket.send(data, port, address), error() {} },
    });
    const upstream = { host: "127.0.0.1", port: echo.port };
    const lab = await startTestLab({ relays: [{ ...ROUTE, upstream }] });
    const relay = lab.relays.get("dns") ?? expect.unreachable();
    let echoed = 0;
    const client = await Bun.udpSocket({
      connect: { hostname: "127.0.0.1", port: relay.port },
      socket: { data: () => void echoed++, error() {} },
    });
    client.send("12345");
    await until(() => echoed === 1, "the echo");
    const snapshot = await snapshotOf(urlOf(lab, "/live"), ({ relays }) => relays[0]?.down.totals.packetsOut === 1);
    expect(snapshot.relays).toHaveLength(1);
    expect(snapshot.relays[0]).toMatchObject({
      name: "dns",
      listen: `127.0.0.1:${relay.port}`,
      upstream: `127.0.0.1:${echo.port}`,
      open: 1,
      up: { totals: { packetsIn: 1, bytesIn: 5, packetsOut: 1, bytesOut: 5 } },
      down: { totals: { packetsIn: 1, bytesIn: 5 } },
    });
    await lab.stop();
    expect(lab.relays.list()).toEqual([]);
    const again = await Bun.udpSocket({ hostname: "127.0.0.1", port: relay.port });
    for (const socket of [again, client, echo]) socket.close();
  });
});
