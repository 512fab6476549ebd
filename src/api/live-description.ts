/** The API description of the routes that the live page reads. */
import { type Protocol, recordOf } from "../base/protocol.ts";
import { SERIES } from "../live/shapes.ts";
import { describe, errorResponse, jsonResponse, schemaOf } from "./openapi.ts";

const SECOND = {
  packets: 100,
  drops: 0.2,
  mean: 0.0004,
  p50: 0.0003,
  p95: 0.001,
  p99: 0.002,
  connections: 1,
  received: 6400,
  sent: 5120,
};
const PROTOCOL_NOW = {
  second: SECOND,
  totals: { packets: 6100, dropped: 1220 },
  faults: { text: "drop=0.2", changes: 1 },
  since: { seconds: 60, packets: 6000, dropped: 1200, answered: 4800, mean: 0.0004, injected: { "drop/up": 1200 } },
};
const MARKS = [{ seconds: 1.2, protocol: "udp", text: "drop=0.2" }];
const PACKET = { at: 1_795_334_461_000, protocol: "udp", peer: "127.0.0.1:55555", bytes: 64, outcome: "dropped-up" };
/** A packet with all of its fields. */
const ANSWERED = { ...PACKET, outcome: "answered", responseTimeMs: 0.041, session: 7 };
const FLOW = { packets: [ANSWERED], leftOut: 0 };

function snapshotOf(served: readonly Protocol[]) {
  return {
    lab: "4f0c…",
    seconds: 61,
    at: 1_795_334_461_000,
    protocols: recordOf(served, () => PROTOCOL_NOW),
    marks: MARKS,
    flow: FLOW,
    runsVersion: 0,
    runVersion: 0,
  };
}

function historyOf(served: readonly Protocol[]) {
  return {
    lab: "4f0c…",
    version: "0.1.0",
    seconds: 61,
    at: 1_795_334_461_000,
    span: 900,
    series: recordOf(served, () => Object.fromEntries(SERIES.map((name) => [name, [0.2, null]]))),
    marks: MARKS,
    flow: FLOW,
  };
}

const STREAM_TEXT = `Server-sent events: \`snapshot\` once a second, and \`run\` at each change of a load run. For each
protocol that the lab serves, a snapshot contains the last second, the totals, the faults, the totals since the faults were last changed,
and a sample of the packets. \`runVersion\` is the \`version\` of the run's state: a client that has another one has missed
a \`run\` event and reads /runs/current. Peer addresses are omitted for clients that may not change the lab. The stream ends for a
client that does not read it fast enough.`;
const HISTORY_TEXT = `One value per second for each protocol that the lab serves, and each series. The last value is that of \`seconds\` after the
lab's start; \`at\` is the same time by the wall clock, in ms since the Unix epoch. A value is null if nothing was
measured. Percentiles are interpolated in the buckets of response_time_seconds.`;

const TOO_MANY = errorResponse("Too many viewers", "too many viewers; allowed: 256, 64 of them from one network");

function describeStream(served: readonly Protocol[]) {
  const example = `event: snapshot\ndata: ${JSON.stringify(snapshotOf(served))}`;
  const content = { "text/event-stream": { schema: { type: "string" }, example } };
  return describe(
    "live",
    "Stream a snapshot of the lab each second",
    { 200: { description: "The events", content }, 503: TOO_MANY },
    { description: STREAM_TEXT },
  );
}

function describeHistory(served: readonly Protocol[]) {
  const history = historyOf(served);
  // As clients get it that may not change the lab: a sample without addresses.
  const other = { ...history, flow: { packets: [{ ...PACKET, peer: "" }], leftOut: 0 } };
  return describe(
    "live",
    "The last 15 minutes",
    { 200: jsonResponse("One value per second", history, schemaOf(history, other)) },
    { description: HISTORY_TEXT },
  );
}

/** The route of the page. */
export const PAGE_DOCS = describe("live", "The live page", {
  200: {
    description: "The page",
    content: { "text/html": { schema: { type: "string" }, example: "<!doctype html>" } },
  },
  500: errorResponse("The page cannot be bundled", "the page cannot be bundled; see the lab's log"),
});

/** The routes that the live page reads, of a lab that serves `served`. */
export function liveDocs(served: readonly Protocol[]) {
  return {
    stream: describeStream(served),
    history: describeHistory(served),
    rights: describe("live", "Whether the client may change the lab's state", {
      200: jsonResponse(
        "The client's rights; `reason` is present if it may not",
        { mayChange: true },
        schemaOf({ mayChange: true }, { mayChange: false, reason: "" }),
      ),
    }),
  };
}
