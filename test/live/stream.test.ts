/** The live stream: its events with a fake clock, and its routes over HTTP. */

import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/base/log.ts";
import { CLASSICS, PROTOCOLS, type Protocol, recordOf } from "../../src/base/protocol.ts";
import { NO_FAULTS } from "../../src/faults/faults.ts";
import { HISTORY_SECONDS, History } from "../../src/live/history.ts";
import type { HistoryDump, LiveSnapshot } from "../../src/live/shapes.ts";
import { LiveStream } from "../../src/live/stream.ts";
import { createMetrics } from "../../src/metrics/counters.ts";
import { newInstance } from "../../src/reflector/instance.ts";
import { PacketLog } from "../../src/reflector/packet-log.ts";
import { silentErrors } from "../support/errors.ts";
import { startTestLab, urlOf } from "../support/lab.ts";

/** A stream with a clock that the test advances by `second`. */
function setUp(limit = 8, served: readonly Protocol[] = PROTOCOLS) {
  const time = { now: 0 };
  const clock = { now: () => time.now, wallAt: (now: number) => 1_000_000 + now };
  const metrics = createMetrics();
  const history = new History(
    metrics,
    0,
    recordOf(served, () => "none"),
  );
  const packetLog = new PacketLog(
    { limit: 1000, perSecond: 2000 },
    createLog({ level: "silent", readable: false, sink() {} }),
    metrics,
    silentErrors(),
  );
  const live = new LiveStream({
    errors: silentErrors(),
    instance: newInstance(0),
    metrics,
    history,
    packetLog,
    faultsOf: () => NO_FAULTS,
    connectionsOf: () => undefined,
    relays: () => [],
    runsVersion: () => 0,
    runVersion: () => 0,
    version: "0.0.0",
    viewerLimit: limit,
    clock,
  });
  const second = () => {
    time.now += 1000;
    live.pulse();
  };
  return {
    live,
    packetLog,
    second,
    [Symbol.dispose]() {
      live.stop();
      packetLog.stop();
    },
  };
}

/** Reads the next event: its octets, its text, and its snapshot. */
async function next(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const { value, done } = await reader.read();
  const text = new TextDecoder().decode(value);
  return { value, done, text, snapshot: () => JSON.parse(text.split("data: ")[1] ?? "") as LiveSnapshot };
}

function reader(stream: ReadableStream<Uint8Array> | undefined): ReadableStreamDefaultReader<Uint8Array> {
  if (!stream) throw new Error("the viewer was refused");
  return stream.getReader();
}

describe("LiveStream", () => {
  test("encodes a snapshot once and sends the same octets to every viewer", async () => {
    using lab = setUp();
    const viewers = [
      reader(lab.live.open({ peers: true }, "127.0.0.1")),
      reader(lab.live.open({ peers: true }, "127.0.0.1")),
    ];
    await Promise.all(viewers.map(next)); // the first event, without a snapshot
    lab.second();
    const [first, second] = await Promise.all(viewers.map(next));
    expect(first?.text).toStartWith("event: snapshot\ndata: {");
    expect(first?.snapshot()).toMatchObject({
      seconds: 1,
      at: 1_001_000,
      marks: [],
      flow: { packets: [], leftOut: 0 },
    });
    expect(first?.value).toBe(second?.value);
  });

  test("refuses viewers of one network above its share, and counts them", () => {
    using lab = setUp();
    const isOpened = (address: string) => lab.live.open({ peers: true }, address) !== undefined;
    expect(["10.0.0.1", "10.0.0.2", "::ffff:10.0.0.3", "10.0.1.1"].map(isOpened)).toEqual([true, true, false, true]);
    expect([lab.live.size, lab.live.overflows, lab.live.share]).toEqual([3, 1, 2]);
  });

  test("when every place is taken, disconnects a viewer that reads least of the network with most", async () => {
    using lab = setUp(4);
    const open = (address: string) => lab.live.open({ peers: true }, address);
    using five = setUp(8);
    const silent = [1, 2, 3, 4].flatMap((i) =>
      [1, 2].map((j) => reader(five.live.open({ peers: true }, `10.0.${i}.${j}`))),
    );
    const [, reading] = silent;
    await next(reading ?? expect.unreachable());
    five.second();
    await next(reading ?? expect.unreachable());
    expect(five.live.open({ peers: true }, "127.0.0.1")).toBeDefined();
    expect([five.live.size, five.live.overflows]).toEqual([8, 1]);
    await expect(silent[0]?.closed).rejects.toThrow("too slow");
    // Networks with one viewer each do not displace each other.
    for (const address of ["10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1"]) expect(open(address)).toBeDefined();
    expect(open("10.0.4.1")).toBeUndefined();
    expect([lab.live.size, lab.live.overflows]).toEqual([4, 1]);
  });

  test("disconnects a viewer that does not read, and keeps one that reads", async () => {
    using lab = setUp();
    const slow = reader(lab.live.open({ peers: true }, "127.0.0.1"));
    const reading = reader(lab.live.open({ peers: true }, "127.0.0.1"));
    await next(reading);
    for (let i = 0; lab.live.size === 2 && i < 1000; i++) {
      lab.second();
      expect((await next(reading)).snapshot().seconds).toBe(i + 1);
    }
    expect([lab.live.size, lab.live.overflows]).toEqual([1, 1]);
    await expect(slow.closed).rejects.toThrow("too slow");
  });

  test("counts the packets that a snapshot leaves out, and hides peers from viewers without the right to see them", async () => {
    using lab = setUp();
    const full = reader(lab.live.open({ peers: true }, "127.0.0.1"));
    const masked = reader(lab.live.open({ peers: false }, "127.0.0.1"));
    await Promise.all([next(full), next(masked)]);
    for (let i = 0; i < 150; i++) {
      lab.packetLog.add({
        at: i,
        protocol: "udp",
        peer: `192.0.2.1:${i}`,
        bytes: 1,
        outcome: "answered",
        responseTimeMs: 1.23456,
      });
    }
    lab.second();
    const { flow } = (await next(full)).snapshot();
    expect([flow.packets.length, flow.leftOut]).toEqual([100, 50]);
    expect(flow.packets[0]).toEqual({
      at: 0,
      protocol: "udp",
      peer: "192.0.2.1:0",
      bytes: 1,
      outcome: "answered",
      responseTimeMs: 1.235,
    });
    const hidden = (await next(masked)).snapshot().flow.packets;
    expect(new Set(hidden.map(({ peer }) => peer))).toEqual(new Set([""]));
    const dump = async (peers: boolean): Promise<HistoryDump> => JSON.parse(await lab.live.dump({ peers }));
    expect((await dump(false)).flow.packets[0]?.peer).toBe("");
    expect((await dump(true)).flow.packets[0]?.peer).toBe("192.0.2.1:50");
  });

  test("encodes a full history two series at a time, in the state of one second", async () => {
    using lab = setUp();
    for (let n = 0; n < HISTORY_SECONDS + 10; n++) lab.second();
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const reading = lab.live.dump({ peers: true });
    const same = lab.live.dump({ peers: false });
    lab.second();
    const dump: HistoryDump = JSON.parse(await reading);
    isDone = true;
    expect([dump.seconds, dump.series.udp?.p50.length, dump.series.http?.sent.length]).toEqual([910, 900, 900]);
    expect(dump.series.tcp?.packets).toEqual(Array(900).fill(0));
    expect(dump.series.tcp?.connections).toEqual(Array(900).fill(null));
    expect(turns).toBeGreaterThan(PROTOCOLS.length * 2);
    expect(JSON.parse(await same)).toEqual(dump);
    expect(JSON.parse(await lab.live.dump({ peers: true })).seconds).toBe(911);
  });

  test("has the served protocols alone, in snapshots and in the history, so that others cost nothing", async () => {
    const measure = async (served: readonly Protocol[]) => {
      using lab = setUp(8, served);
      const viewer = reader(lab.live.open({ peers: true }, "127.0.0.1"));
      await next(viewer);
      lab.second();
      const { snapshot, text } = await next(viewer);
      const dump = await lab.live.dump({ peers: true });
      const { series }: HistoryDump = JSON.parse(dump);
      expect(Object.keys(snapshot().protocols)).toEqual([...served]);
      expect(Object.keys(series)).toEqual([...served]);
      return [text.length, dump.length] as const;
    };
    const three = await measure(CLASSICS);
    const eight = await measure(PROTOCOLS);
    for (const i of [0, 1] as const) expect(eight[i] / three[i]).toBeGreaterThan(2);
  });

  test("sends an event to 40 viewers in more than one turn, in the order of the events", async () => {
    using lab = setUp(160);
    const viewers = Array.from({ length: 40 }, () => reader(lab.live.open({ peers: true }, "127.0.0.1")));
    await Promise.all(viewers.map(next));
    lab.second();
    lab.live.broadcast("run", {});
    lab.second();
    const snapshots = await Promise.all(
      viewers.map(async (viewer) => [await next(viewer), await next(viewer), await next(viewer)]),
    );
    const kinds = snapshots.map((events) => events.map(({ text }) => text.split("\n")[0]).join());
    expect(new Set(kinds)).toEqual(new Set(["event: snapshot,event: run,event: snapshot"]));
  });

  test("removes a viewer that closes its stream", async () => {
    using lab = setUp();
    await reader(lab.live.open({ peers: true }, "127.0.0.1")).cancel();
    expect([lab.live.size, lab.live.overflows]).toEqual([0, 0]);
  });
});

describe("live routes", () => {
  test("return the history and the rights of the client, and are not counted as packets", async () => {
    await using lab = await startTestLab();
    const history = (await (await fetch(urlOf(lab, "/history"))).json()) as HistoryDump;
    expect(history.span).toBe(900);
    expect(await (await fetch(urlOf(lab, "/rights"))).json()).toEqual({ mayChange: true });
    const foreign = await fetch(urlOf(lab, "/rights"), { headers: { origin: "http://example.com" } });
    expect(await foreign.json()).toMatchObject({ mayChange: false, reason: expect.stringContaining("example.com") });
    const page = await fetch(urlOf(lab, "/"));
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const metrics = await (await fetch(urlOf(lab, "/metrics"))).text();
    expect(metrics).toContain('packets_total{protocol="http"} 0');
    expect(metrics).toContain('wirelab_bounded_limit{structure="viewers"} 256');
  });

  test("do not delay the stop of the lab", async () => {
    const lab = await startTestLab();
    const response = await fetch(urlOf(lab, "/live"));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const startedAt = performance.now();
    await lab.stop();
    expect(performance.now() - startedAt).toBeLessThan(900);
  });
});
