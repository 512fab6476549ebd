/** The examples in the API description of load runs. Several examples of one shape show all types that its values have. */
import { byProtocol } from "../base/protocol.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { ONE_PAIR } from "../load/measure/statistics/difference.ts";
import { capsOf } from "./run-request.ts";

/** The body of a request that starts a run. */
export const REQUEST = { protocol: "udp", rate: 100, seconds: 10 };

/** A kept run in the list. */
const SUMMARY = {
  id: 1,
  savedAt: "2026-11-22T08:00:10.000Z",
  source: "page",
  lines: [
    {
      protocol: "udp",
      target: "127.0.0.1:7000",
      rate: 100,
      seconds: 10,
      sent: 1000,
      lossRatio: 0.2,
      p50: 0.0002,
      p95: 0.0009,
      p99: null,
      over: { p99: 2 },
      ended: "completed",
      valid: true,
    },
  ],
};

const OTHER_LINE = {
  ...SUMMARY.lines[0],
  rate: 0.5,
  seconds: 0.1,
  lossRatio: 0.5,
  p50: null,
  p95: null,
  p99: 0.002,
  over: {},
  ended: null,
};

/** Summaries whose values differ from those of `SUMMARY` in their type. */
export const OTHER_SUMMARIES = [
  { ...SUMMARY, lines: [OTHER_LINE] },
  { ...SUMMARY, unreadable: true },
];

/** The list of kept runs, with what a new run may be. */
export const LIST = { runs: [SUMMARY], file: true, targets: ["10.0.0.7:7000"], caps: capsOf(DEFAULT_LIMITS) };

/** A run in progress. */
export const STATE = {
  number: 1,
  version: 2,
  state: "running",
  startedAt: 1_795_334_461_000,
  seconds: 10,
  stopped: false,
  snapshots: [
    {
      protocol: "udp",
      seconds: 1.0001,
      interval: 1.0001,
      totalSeconds: 10,
      planned: 100,
      unsent: 0,
      refused: 0,
      sent: 100,
      answered: 80,
      lost: 0,
      late: 0,
      failed: 0,
      corrupt: 0,
      duplicate: 0,
      reordered: 0,
      p50: 0.0002,
      p99: null,
      max: 0.0009,
      over: { p99: 2 },
    },
  ],
  reports: [],
  details: [],
  kept: null,
  error: null,
};

/** The first fields of a report, which is too long for an example. */
export const REPORT = { schema: "wirelab.run/2", protocol: "udp", target: "127.0.0.1:7000" };

/** A kept run. */
export const RUN = {
  id: SUMMARY.id,
  savedAt: SUMMARY.savedAt,
  source: SUMMARY.source,
  reports: [REPORT],
  details: [{ curve: [[0.5, 0.0002]], explanation: "packet accounting\n  Every packet…" }],
};

/** The end of a run, whose values differ from those of `STATE` in their type. */
export const OTHER_STATE = {
  ...STATE,
  seconds: 0.1,
  snapshots: [{ ...STATE.snapshots[0], totalSeconds: 0.1, p50: null, p99: 0.002, max: null, over: {} }],
  reports: RUN.reports,
  details: RUN.details,
  kept: 1,
  error: "the run could not be kept",
};

/** The comparison of two kept runs. */
export const COMPARISON = {
  before: 1,
  after: 2,
  protocols: {
    udp: [
      {
        name: "p50",
        before: "203 µs",
        after: "1.2 ms",
        change: "+491 %",
        interval: "",
        degreesOfFreedom: null,
        significance: "higher",
      },
    ],
  },
  limits: [ONE_PAIR],
};

/** A comparison of all protocols, one of whose changes has degrees of freedom. */
export const OTHER_COMPARISON = {
  ...COMPARISON,
  protocols: byProtocol(() => [...COMPARISON.protocols.udp, { ...COMPARISON.protocols.udp[0], degreesOfFreedom: 4.2 }]),
};
