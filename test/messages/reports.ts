/** Prints reports with fixed numbers, as the load command prints those of its runs. */
import { type Protocol, REGISTRY } from "../../src/base/protocol.ts";
import { NO_TIMES } from "../../src/load/report/files/second-schema.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import type { HandshakeTimes, ReportedHandshakes } from "../../src/load/report/report-handshakes.ts";
import type { ReportedPlan } from "../../src/load/report/report-plan.ts";
import type { Times } from "../../src/load/report/report-times.ts";
import type { ReportedVia } from "../../src/load/report/report-via.ts";
import { renderComparison } from "../../src/load/report/text/comparison-text.ts";
import { renderRepeated } from "../../src/load/report/text/repeated-text.ts";
import type { Screen } from "../../src/load/report/text/screen.ts";
import { renderReport } from "../../src/load/report/text/text.ts";
import { nameLines, wordsOf } from "./transcript.ts";

/** The times of 990 of 1,000 packets, as multiples of a median. */
function times(median: number, packets = 990): Times {
  return {
    ...NO_TIMES,
    count: 990,
    packets,
    min: median * 0.41,
    mean: median * 1.28,
    p50: median,
    p90: median * 2.03,
    p95: median * 3.14,
    p99: median * 9.87,
    max: median * 31.4,
    stddev: median * 1.5,
  };
}

function response(median: number): Times {
  return {
    ...times(median, 1000),
    intervals: {
      mean: [median * 1.19, median * 1.37],
      p50: [median * 0.97, median * 1.03],
      p90: [median * 1.88, median * 2.3],
      p99: [median * 6.4, null],
    },
    noInterval: { p95: "heavy-tailed" },
  };
}

/** A run of 1,000 packets that lost 4 upstream and 6 downstream, two of them to a fault. */
const UDP: RunReport = {
  schema: "wirelab.run/2",
  protocol: "udp",
  target: "lab.example:7000",
  address: "192.0.2.7",
  seed: 1,
  sessionId: 4711,
  plan: {
    protocol: "udp",
    target: "lab.example:7000",
    control: null,
    mode: "stamp",
    rate: 100,
    arrival: "constant",
    stages: null,
    seconds: 10,
    count: null,
    warmupSeconds: 0,
    connections: 1,
    inFlight: null,
    size: 64,
    timeoutSeconds: 2,
    waitSeconds: 4,
    family: null,
    seed: 1,
    http: null,
  },
  host: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  ended: "completed",
  durationSeconds: 10,
  rate: { offered: 100, achieved: 100 },
  packets: {
    planned: 1000,
    sent: 1000,
    unsent: 0,
    refused: 0,
    answered: 990,
    lost: 10,
    lostUp: 4,
    lostDown: 6,
    droppedUp: 2,
    droppedDown: 0,
    late: 0,
    duplicate: 3,
    reordered: 0,
    corrupt: 0,
    failed: 0,
    unexplained: 0,
  },
  duplicates: { up: 1, down: 2, unexplained: 0 },
  loss: {
    ratio: 0.01,
    low: 0.0048,
    high: 0.0197,
    method: "gilbert95",
    reason: null,
    limits: null,
    effectiveSampleSize: 870,
    highIfIndependent: null,
    bursts: { count: 8, mean: 1.25, max: 2 },
    gaps: { count: 7, mean: 101, max: 310 },
    gilbert: { p: { value: 0.00808, low: 0.004, high: 0.016 }, r: { value: 0.8, low: 0.49, high: 0.94 } },
    places: { path: 8, targetBuffer: 0, ownBuffer: 0 },
  },
  evidence: { kind: "lab", text: "from the lab's session summary" },
  responseTime: response(0.000123),
  failedTime: NO_TIMES,
  serviceTime: times(0.000119, 1000),
  serverTime: times(0.0000021),
  handshakes: null,
  oneWay: {
    up: times(0.000058),
    down: times(0.000061),
    comparable: true,
    clockOffset: { seconds: 0.000001, error: 0.00002 },
    drift: 0,
  },
  clockSteps: [],
  reflectorClock: null,
  jitter: {
    rfc3550: 0.00004,
    rfc3550Mean: 0.000031,
    ipdv: { p50: 0.000018, p99: 0.00071 },
    pdv: { p50: 0.000069, p99: 0.0011 },
    up: { rfc3550Mean: 0.000014, ipdv: { p50: 0.0000088, p99: 0.00031, min: -0.001, max: 0.001 } },
    down: { rfc3550Mean: 0.000019, ipdv: { p50: 0.00001, p99: 0.0004, min: -0.001, max: 0.001 } },
  },
  scheduleError: { p50: 0.0000016, p99: 0.000085, max: 0.001 },
  handOver: { bunched: 0, largestBurst: 1 },
  receiveDelay: { p50: 0, p99: 0.000042, max: 0.001 },
  bytes: { sent: 64_000, received: 63_360 },
  errors: {},
  statuses: {},
  via: null,
  packetLog: null,
  objectives: [
    { text: "p50<5ms", met: true, runValid: true, value: 0.000123, edge: 0.000127 },
    {
      text: "loss<1.5%",
      met: false,
      runValid: true,
      value: 0.01,
      edge: 0.0197,
      note: "the value meets the objective, its 95 % confidence interval does not; a longer run narrows the interval",
    },
  ],
  verdict: { valid: true, interrupted: false, reasons: [] },
};

/** The run over TCP: nothing was lost. */
const TCP: RunReport = {
  ...UDP,
  protocol: "tcp",
  target: "lab.example:6000",
  packets: { ...UDP.packets, answered: 1000, lost: 0, lostUp: 0, lostDown: 0, droppedUp: 0, duplicate: 0 },
  duplicates: { up: 0, down: 0, unexplained: 0 },
  loss: {
    ...UDP.loss,
    ratio: 0,
    low: null,
    high: null,
    reason: "no losses",
    effectiveSampleSize: null,
    highIfIndependent: 0.003,
    bursts: { count: 0, mean: null, max: null },
    gaps: { count: 0, mean: null, max: null },
    gilbert: null,
    places: { path: null, targetBuffer: null, ownBuffer: null },
  },
  responseTime: { ...response(0.00021), count: 1000, noInterval: { p95: "too dependent" } },
  serviceTime: { ...times(0.0002, 1000), count: 1000 },
  objectives: [],
};

const REQUESTS = { method: "POST", keepAlive: true, verify: true, withheld: [] } as const;

/** The run over HTTP: a fifth is dropped on purpose, so that the high percentiles are over the timeout. */
const HTTP: RunReport = {
  ...TCP,
  protocol: "http",
  target: "http://lab.example:5000/",
  plan: UDP.plan && { ...UDP.plan, protocol: "http", mode: null, connections: 256, onDemand: true, http: REQUESTS },
  packets: { ...TCP.packets, answered: 784, lost: 196, lostUp: 196, droppedUp: 196, late: 12, failed: 8 },
  loss: {
    ...UDP.loss,
    ratio: 0.196,
    low: 0.173,
    high: 0.222,
    effectiveSampleSize: 991,
    bursts: { count: 157, mean: 1.25, max: 4 },
    gaps: { count: 156, mean: 5.14, max: 28 },
    gilbert: { p: { value: 0.195, low: 0.17, high: 0.22 }, r: { value: 0.8, low: 0.73, high: 0.86 } },
  },
  evidence: {
    kind: "target",
    text: "from the target's X-Wirelab-Fate header; packets without any answer are unexplained",
  },
  responseTime: {
    ...times(0.812, 1000),
    intervals: { p50: [0.788, 0.836] },
    noInterval: { p95: "too few" },
    count: 784,
    p90: null,
    p95: null,
    p99: null,
    max: 1.99,
    over: { p90: 2, p95: 2, p99: 2 },
  },
  serviceTime: {
    ...times(0.811, 1000),
    count: 784,
    p90: null,
    p95: null,
    p99: null,
    max: 1.99,
    over: { p90: 2, p95: 2, p99: 2 },
  },
  oneWay: { ...UDP.oneWay, up: NO_TIMES, down: NO_TIMES },
  jitter: { ...UDP.jitter, up: null, down: null },
  failedTime: { ...NO_TIMES, count: 8, packets: 8, min: 0.0021, mean: 0.0031, p50: 0.003, max: 0.0052 },
  statuses: { 200: 796, 500: 8, 503: 196 },
};

/** Times of handshakes around a mean. */
function handshakeTimes(mean: number, count: number): HandshakeTimes {
  return { count, mean, ...{ min: mean * 0.6, p50: mean * 0.95, p90: mean * 1.4, p99: null, max: mean * 2.1 } };
}

const TCP_HANDSHAKES = { full: handshakeTimes(0.00012, 32), resumed: handshakeTimes(0, 0) };
/** 32 connections, of which 4 resumed a session. */
const TLS_HANDSHAKES: ReportedHandshakes = {
  ...{ tcp: TCP_HANDSHAKES, quic: null, failed: {} },
  tls: { full: handshakeTimes(0.0031, 28), resumed: handshakeTimes(0.0011, 4) },
};
const QUIC_HANDSHAKES: ReportedHandshakes = {
  ...{ tcp: null, tls: null, failed: { ETIMEDOUT: 1 } },
  quic: { full: handshakeTimes(0.0042, 1), resumed: handshakeTimes(0, 0) },
};

/** The run over TLS, by another protocol: those of requests have no STAMP times. */
function overTls(protocol: Protocol, target: string, plan: Partial<ReportedPlan> = {}): RunReport {
  const { requests } = REGISTRY[protocol];
  return {
    ...TCP,
    protocol,
    target,
    handshakes: TLS_HANDSHAKES,
    plan: UDP.plan && {
      ...UDP.plan,
      ...{ protocol, target, tls: { verify: true, ca: "lab" as const } },
      ...(requests && { mode: null, connections: 256, onDemand: true, http: REQUESTS }),
      ...plan,
    },
    ...(requests && {
      oneWay: { ...UDP.oneWay, up: NO_TIMES, down: NO_TIMES },
      jitter: { ...UDP.jitter, up: null, down: null },
      statuses: { 200: 1000 },
    }),
  };
}

/** The run over each protocol, in the order of the registry. */
const EVERYTHING: readonly RunReport[] = [
  HTTP,
  TCP,
  UDP,
  overTls("https", "https://lab.example:5443/"),
  overTls("http2", "https://lab.example:5444/", { connections: 8, streams: 32 }),
  { ...overTls("http3", "https://lab.example:5443/", { connections: 8, streams: 32 }), handshakes: QUIC_HANDSHAKES },
  {
    ...overTls("websocket", "ws://lab.example:5000/ws"),
    ...{ handshakes: { ...TLS_HANDSHAKES, tls: null }, plan: UDP.plan && { ...UDP.plan, protocol: "websocket" } },
  },
  overTls("tls", "lab.example:6443"),
];

/** Two runs with other clocks and losses at a receive buffer. */
const TWO_CLOCKS: RunReport = {
  ...UDP,
  oneWay: { ...UDP.oneWay, comparable: false, clockOffset: { seconds: 0.0312, error: 0.00002 }, drift: 0.0000011 },
  loss: { ...UDP.loss, places: { path: 3, targetBuffer: 5, ownBuffer: 0 } },
  scheduleError: { p50: 0.0004, p99: 0.0212, max: 0.1 },
  receiveDelay: { p50: 0.0001, p99: 0.0103, max: 0.1 },
  handOver: { bunched: 410, largestBurst: 22 },
  objectives: UDP.objectives.map((objective) => ({ ...objective, runValid: false })),
  verdict: {
    valid: false,
    interrupted: false,
    reasons: [
      "the sender was late by 21.2 ms or more; lower --rate, or free a processor core for the load generator",
      "the receiver read answers 10.3 ms or more after they arrived, and the times contain this delay; lower --rate, or free a processor core for the load generator",
    ],
  },
};

const INTERRUPTED: RunReport = {
  ...UDP,
  ended: "interrupted",
  durationSeconds: 3.2,
  rate: { offered: 100, achieved: 100 },
  objectives: [],
  verdict: {
    valid: false,
    interrupted: true,
    reasons: ["the run was interrupted after 3.2 s of 10 s; the numbers are those of the 1,000 packets sent"],
  },
};

/** A target that does not answer: nothing listens there. */
const DEAD: RunReport = {
  ...UDP,
  target: "127.0.0.1:9",
  address: "127.0.0.1",
  ended: "gave-up",
  durationSeconds: 1,
  packets: {
    ...UDP.packets,
    planned: 100,
    sent: 100,
    answered: 0,
    lost: 100,
    lostUp: 0,
    lostDown: 0,
    droppedUp: 0,
    duplicate: 0,
    unexplained: 100,
  },
  duplicates: { up: 0, down: 0, unexplained: 0 },
  loss: {
    ...TCP.loss,
    ratio: 1,
    reason: "too few bursts",
    highIfIndependent: null,
    bursts: { count: 1, mean: 100, max: 100 },
  },
  evidence: { kind: "none", text: "unknown: only the round trip was measured" },
  responseTime: { ...NO_TIMES, packets: 100, over: { p50: 2, p90: 2 } },
  serviceTime: { ...NO_TIMES, packets: 100, over: { p50: 2, p90: 2 } },
  serverTime: NO_TIMES,
  oneWay: { up: NO_TIMES, down: NO_TIMES, comparable: false, clockOffset: null, drift: null },
  jitter: {
    ...UDP.jitter,
    rfc3550: null,
    rfc3550Mean: null,
    ipdv: { p50: null, p99: null },
    pdv: { p50: null, p99: null },
    up: null,
    down: null,
  },
  receiveDelay: { p50: null, p99: null, max: null },
  errors: { ECONNREFUSED: 100 },
  objectives: [],
  verdict: {
    valid: false,
    interrupted: false,
    reasons: [
      "nothing listens at 127.0.0.1:9 (ECONNREFUSED)",
      "the run gave up after 1 s of 10 s, because every packet was refused",
    ],
  },
};

/** A relay that dropped 4 of 1,000 datagrams upstream and copied 3 downstream. */
const VIA: ReportedVia = {
  ...{ relay: "slow", transport: "udp", address: "192.0.2.7:9000", faults: "drop=0.004/0,delay=5/5,duplicate=0/0.003" },
  ...{ upstreamErrors: {}, otherClients: false, reason: null },
  up: {
    ...{ packetsIn: 1000, bytesIn: 64_000, packetsOut: 996, bytesOut: 63_744, copies: 0, copiedBytes: 0 },
    ...{
      dropped: 4,
      droppedBytes: 256,
      waiting: 0,
      waitingBytes: 0,
      drops: { drop: 3, refused: 1 },
      effects: { delay: 996 },
    },
    added: { count: 996, mean: 0.00507, p50: 0.00504, p99: 0.0061 },
  },
  down: {
    ...{ packetsIn: 990, bytesIn: 63_360, packetsOut: 993, bytesOut: 63_552, copies: 3, copiedBytes: 192 },
    ...{ dropped: 0, droppedBytes: 0, waiting: 0, waitingBytes: 0, drops: {}, effects: { delay: 990, duplicate: 3 } },
    added: { count: 990, mean: 0.00506, p50: 0.00503, p99: 0.0058 },
  },
};

/** Runs through a relay: one of datagrams, and one of octets whose counts are those of all clients. */
const THROUGH_RELAYS: readonly RunReport[] = [
  {
    ...TCP,
    via: { ...VIA, transport: "tcp", faults: "delay=5/5", otherClients: null, upstreamErrors: { timeout: 2 } },
  },
  {
    ...UDP,
    via: VIA,
    evidence: { kind: "relay", text: "from the relay's counts (beyond it from the lab's session summary)" },
    plan: UDP.plan && { ...UDP.plan, via: "relay:slow" },
  },
];

/** A run whose relay was closed before its end. */
const WITHOUT_RELAY: RunReport = {
  ...UDP,
  via: { ...VIA, otherClients: null, reason: "the relay did not respond at the end of the run", up: null, down: null },
};

function repeated(side?: "target" | "against", factor = 1): RunReport[] {
  return [1, 1.1, 0.95].map((scale, index) => ({
    ...UDP,
    ...(side === "against" && { target: "other.example:7000" }),
    seed: index + 1,
    repetition: { index: index + 1, of: 3, ...(side && { side }) },
    responseTime: response(0.000123 * scale * factor),
    objectives: [
      { text: "mean<160us", met: scale <= 1, runValid: true, value: 0.000157 * scale, edge: 0.000169 * scale },
    ],
  }));
}

type Draw = (screen: Screen) => string;

const one =
  (...reports: RunReport[]): Draw =>
  (screen) =>
    renderReport(reports, screen);

/** What can be printed. */
const CASES: Readonly<Record<string, Draw>> = {
  udp: one(UDP),
  all: one(HTTP, TCP, UDP),
  everything: one(...EVERYTHING),
  "everything compared": (screen) => renderComparison(EVERYTHING, EVERYTHING.slice(2), screen),
  invalid: one(TWO_CLOCKS),
  interrupted: one(INTERRUPTED),
  dead: one(DEAD),
  "through relays": one(...THROUGH_RELAYS),
  "through a relay that has ended": one(WITHOUT_RELAY),
  "all, one of them dead": one(HTTP, TCP, DEAD),
  repeated: (screen) => renderRepeated(repeated(), screen),
  against: (screen) => renderRepeated([...repeated("target"), ...repeated("against", 1.4)], screen),
  "compared with an interrupted run": (screen) =>
    renderReport([TWO_CLOCKS], screen, [renderComparison([INTERRUPTED], [TWO_CLOCKS], screen)]),
};

/** Runs a line such as `report all --columns 80`, with `--colour` for a terminal. */
export async function runReport(line: string): Promise<string[]> {
  const words = wordsOf(line);
  const flag = words.indexOf("--columns");
  const draw = CASES[words.slice(1, flag).join(" ")];
  if (words[0] !== "report" || flag < 0 || draw === undefined) throw new Error(`"${line}" is no known report`);
  const text = draw({ columns: Number(words[flag + 1]), colour: words.includes("--colour") });
  return ["status 0", ...nameLines("stdout", text.replaceAll("\u001b", "ESC"))];
}
