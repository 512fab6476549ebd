/** The API description of metrics, health and session summaries. */
import { type Protocol, recordOf } from "../base/protocol.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { describe, errorResponse, jsonResponse, pathParameter, schemaOf } from "./openapi.ts";

const SESSIONS = {
  ssid: 7,
  instance: "4f0c0b1e-7d0a-4a53-9a0f-2a6d4c6e9b11",
  startedAt: "2026-11-22T07:59:00.000Z",
  listeners: [{ protocol: "udp", address: "127.0.0.1", port: 7000, receiveBufferDrops: 0 }],
  evictedSessions: 0,
  sessionLimit: DEFAULT_LIMITS.sessions,
  sessions: [
    {
      protocol: "udp",
      source: "127.0.0.1:55555",
      local: { address: "127.0.0.1", port: 7000 },
      ageSeconds: 10.5,
      firstAt: "2026-11-22T08:00:00.000Z",
      lastAt: "2026-11-22T08:00:10.000Z",
      received: { unique: 1000, duplicate: 2 },
      handled: 900,
      answered: 801,
      dropped: { up: 100, down: 99 },
      discarded: 0,
      onWayUp: 0,
    },
  ],
};
/** TCP has no receive buffer that drops. */
const OTHER_LISTENER = { protocol: "tcp", address: "127.0.0.1", port: 6000, receiveBufferDrops: null };
const SSID = pathParameter("ssid", "The session id", { type: "integer", minimum: 0, maximum: 65_535 }, 7);
const SESSIONS_TEXT = `The reflector's counters of the sessions with this id (RFC 8972) whose source address is the
client's; of all sources for a client that may change the lab's state. Packets are counted by sequence number; copies
are counted in \`duplicate\`. handled = unique - dropped.up. \`onWayUp\` are packets that a fault delays on the way up: they
are not received yet, and in no other count.
A sender can trust a summary only for the target that it names: \`instance\` changes with each start of the lab, \`local\` is
the address and port on which the session's packets arrived, \`ageSeconds\` the time since the first packet.
\`listeners\` are the ports that receive test packets, each with the datagrams that the kernel dropped there (null where
this cannot happen). \`evictedSessions\` stays the same until one of the sessions that the client may see with this id
is evicted, because the table of \`sessionLimit\` sessions is full. The table evicts sessions that a client has asked for
last, because the address of a client that asks over HTTP is not forged.`;

/** The routes of metrics, health and sessions. */
export const MEASUREMENT_DOCS = {
  metrics: describe("measurement", "All metrics in the Prometheus text format", {
    200: {
      description: "The series",
      content: { "text/plain": { schema: { type: "string" }, example: 'packets_total{protocol="udp"} 7' } },
    },
  }),
  alive: describe("measurement", "Whether the process runs", {
    200: jsonResponse("It runs", { status: "alive" }),
  }),
  sessions: describe(
    "measurement",
    "The summaries of the measurement sessions with one id",
    {
      200: jsonResponse(
        "The sessions, oldest first",
        SESSIONS,
        schemaOf(SESSIONS, { ...SESSIONS, listeners: [OTHER_LISTENER] }),
      ),
      400: errorResponse("The session id is not valid", "ssid abc: not allowed; allowed: 0 to 65535"),
    },
    { description: SESSIONS_TEXT, parameters: [SSID] },
  ),
};

/** The route that says whether a lab that serves `served` is ready. */
export function describeReady(served: readonly Protocol[]) {
  const all = (isOpen: boolean) => recordOf(served, () => isOpen);
  return describe("measurement", "Whether the port of every protocol is open", {
    200: jsonResponse("Every port is open", { status: "ready", ...all(true) }),
    503: jsonResponse("The lab is starting or stopping", { status: "not ready", ...all(false) }),
  });
}
