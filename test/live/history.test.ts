import { describe, expect, test } from "bun:test";
import { byProtocol } from "../../src/base/protocol.ts";
import { History } from "../../src/live/history.ts";
import { createMetrics } from "../../src/metrics/counters.ts";

const NONE = byProtocol(() => "none");
const noConnections = () => undefined;

function setUp(span?: number) {
  const metrics = createMetrics();
  return { metrics, udp: metrics.traffic.udp, history: new History(metrics, 5000, NONE, span) };
}

describe("History.sample", () => {
  test("stores rates, drop ratio, response times and connections of a second", () => {
    const { udp, history } = setUp();
    for (let i = 0; i < 10; i++) udp.received(100);
    for (let i = 0; i < 8; i++) udp.answered(50, 0.002);
    udp.drop("fault-up");
    udp.drop("fault-down");
    expect(history.sample(6000, (protocol) => (protocol === "tcp" ? 3 : undefined))).toBe(true);
    expect(history.second("udp")).toEqual({
      packets: 10,
      drops: 0.2,
      mean: 0.002,
      p50: 0.00175, // the middle of the bucket from 1 to 2.5 ms
      p95: 0.002425,
      p99: 0.002485,
      connections: null,
      received: 1000,
      sent: 400,
    });
    expect(history.second("tcp")).toMatchObject({ packets: 0, drops: null, mean: null, p99: null, connections: 3 });
    history.sample(7000, noConnections);
    expect(history.second("udp")).toMatchObject({ packets: 0, drops: null, mean: null, received: 0 });
  });

  test("samples each second once and divides by the real length of a late one", () => {
    const { udp, history } = setUp();
    history.sample(6000, noConnections);
    for (let i = 0; i < 30; i++) udp.received(1);
    expect(history.sample(6400, noConnections)).toBe(false);
    expect(history.sample(7200, noConnections)).toBe(true);
    expect(history.second("udp").packets).toBe(25); // 30 packets in 1.2 s
  });

  test("stores a sample that is two seconds late for the skipped seconds too", () => {
    const { udp, history } = setUp();
    history.sample(6000, noConnections);
    for (let i = 0; i < 9; i++) udp.received(1);
    history.sample(9000, noConnections);
    expect([...history.series("udp").packets]).toEqual([0, 3, 3, 3]);
  });

  test("leaves skipped seconds empty after a longer pause of the process", () => {
    const { udp, history } = setUp();
    history.sample(6000, noConnections);
    for (let i = 0; i < 8; i++) udp.received(1);
    history.sample(9000 + 1000, noConnections);
    expect(history.seconds).toBe(5);
    expect([...history.series("udp").packets]).toEqual([0, Number.NaN, Number.NaN, Number.NaN, 2]);
  });

  test("keeps the latest seconds only, also after a pause that is longer than the history", () => {
    const { udp, history } = setUp(4);
    for (let second = 1; second <= 6; second++) {
      for (let i = 0; i < second; i++) udp.received(1);
      history.sample(5000 + second * 1000, noConnections);
    }
    expect([...history.series("udp").packets]).toEqual([3, 4, 5, 6]);
    history.sample(5000 + 1000_000, noConnections);
    expect([...history.series("udp").packets]).toEqual([Number.NaN, Number.NaN, Number.NaN, 0]);
  });
});

describe("the protocols of a History", () => {
  test("are those whose faults it was given, in the order of the registry; others have no memory", () => {
    const history = new History(createMetrics(), 5000, { udp: "drop=0.1", http: "none" });
    expect(history.protocols).toEqual(["http", "udp"]);
    history.sample(6000, noConnections);
    expect(history.second("udp").packets).toBe(0);
    expect(() => history.second("http3")).toThrow("http3 is not in the history");
    expect(() => history.series("http3")).toThrow("http3 is not in the history");
    history.mark("udp", "drop=0.1", 7000);
    expect(history.marks()).toEqual([]);
  });
});

describe("History.mark", () => {
  test("stores a change of the faults with its time, and ignores the same text again", () => {
    const { history } = setUp();
    history.mark("udp", "none", 5500);
    history.mark("udp", "drop=0.2", 6500);
    history.mark("udp", "drop=0.2", 7000);
    history.mark("tcp", "reset=0.1", 8000);
    expect(history.marks()).toEqual([
      { seconds: 1.5, protocol: "udp", text: "drop=0.2" },
      { seconds: 3, protocol: "tcp", text: "reset=0.1" },
    ]);
    expect(history.marks(1).map((mark) => mark.protocol)).toEqual(["tcp"]);
  });

  test("stores times with a resolution of 1 ms after days", () => {
    const { history } = setUp();
    history.mark("udp", "drop=0.2", 5000 + 123_456_789);
    expect(history.marks()[0]?.seconds).toBe(123_456.789);
  });

  test("restarts the counts of injected faults and measured packets", () => {
    const { udp, history } = setUp();
    udp.received(1);
    udp.drop("fault-up");
    udp.injected.add("drop/up");
    history.mark("udp", "drop=0.5", 10_000);
    for (let i = 0; i < 4; i++) udp.received(1);
    udp.injected.add("drop/up");
    udp.drop("fault-up");
    for (let i = 0; i < 3; i++) udp.answered(1, 0.01);
    expect(history.since("udp", 12_000)).toEqual({
      seconds: 2,
      packets: 4,
      dropped: 1,
      answered: 3,
      mean: expect.closeTo(0.01, 9),
      injected: { "drop/up": 1 },
    });
    expect(history.since("tcp", 12_000)).toMatchObject({ seconds: 7, packets: 0, mean: null, injected: {} });
  });
});
