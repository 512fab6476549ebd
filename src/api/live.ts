/** `/live`, `/history` and `/rights`: what the page is fed with. None of their requests is a packet. */
import { Elysia } from "elysia";
import type { LiveStream } from "../live/stream.ts";
import { errorResponse, jsonResponse } from "./openapi.ts";
import { type AskerContext, type RightsPolicy, refusal } from "./rights.ts";

function describe(summary: string, responses: object, description?: string) {
  // Plain OpenAPI, built in parts; the library's union type does not follow that.
  return { tags: ["live"], summary, responses, ...(description && { description }) } as never;
}

const SECOND = {
  packets: 100,
  drops: 0.2,
  mean: 0.0004,
  p50: 0.0003,
  p99: 0.002,
  connections: 1,
  received: 6400,
  sent: 5120,
};
const EXAMPLE = {
  lab: "4f0c…",
  seconds: 61,
  at: 1_795_334_461_000,
  protocols: {
    udp: {
      second: SECOND,
      totals: { packets: 6100, dropped: 1220 },
      faults: { text: "drop=0.2", changes: 1 },
      since: { seconds: 60, packets: 6000, dropped: 1200, answered: 4800, mean: 0.0004, injected: { "drop/up": 1200 } },
    },
  },
  marks: [{ seconds: 1.2, protocol: "udp", text: "drop=0.2" }],
  flow: { packets: [], leftOut: 0 },
  runsVersion: 0,
};
const HISTORY_EXAMPLE = {
  lab: "4f0c…",
  version: "0.1.0",
  seconds: 61,
  at: 1_795_334_461_000,
  span: 900,
  series: { udp: { packets: [100, 99], drops: [0.2, 0.19], p99: [0.002, 0.003] } },
  marks: EXAMPLE.marks,
  flow: EXAMPLE.flow,
};

const LIVE_HELP = `Server-sent events: \`snapshot\`, once a second, and \`run\`, while a load run goes. A snapshot holds, of each
protocol, the last second, the totals, the faults and what happened since they were changed, and the sampled packets.
Peers' addresses are left out for who may not change the lab. A viewer that does not read is dropped.`;
const HISTORY_HELP = `Of each protocol and series one value a second, the last at \`seconds\` since the lab's start, \`at\` by the
wall clock. Null is where nothing was measured. Percentiles are interpolated in the buckets of response_time_seconds.`;

/** The live routes. */
export function liveRoutes(live: LiveStream, policy: RightsPolicy) {
  const refused = ({ request, server }: AskerContext) =>
    refusal({ address: server?.requestIP(request)?.address ?? "", headers: request.headers }, policy);
  const sight = (context: AskerContext) => ({ peers: refused(context) === undefined });
  return new Elysia({ name: "live" })
    .get(
      "/live",
      (context) => {
        const stream = live.open(sight(context));
        if (!stream) return Response.json({ error: `more than ${live.limit} viewers` }, { status: 503 });
        return new Response(stream, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
      },
      {
        detail: describe(
          "The lab, once a second, as a stream",
          {
            200: {
              description: "The events",
              content: {
                "text/event-stream": {
                  schema: { type: "string" },
                  example: `event: snapshot\ndata: ${JSON.stringify(EXAMPLE)}`,
                },
              },
            },
            503: errorResponse("Too many viewers", "more than 256 viewers"),
          },
          LIVE_HELP,
        ),
      },
    )
    .get(
      "/history",
      (context) => Response.json(live.dump(sight(context)), { headers: { "cache-control": "no-store" } }),
      {
        detail: describe(
          "The last quarter of an hour",
          { 200: jsonResponse("One value a second", HISTORY_EXAMPLE) },
          HISTORY_HELP,
        ),
      },
    )
    .get(
      "/rights",
      (context) => {
        const refusal = refused(context);
        return Response.json(refusal ? { mayChange: false, reason: refusal.error } : { mayChange: true });
      },
      {
        detail: describe("Whether the asker may change the lab, and why not", {
          200: jsonResponse("The asker's rights", { mayChange: true }),
        }),
      },
    );
}
