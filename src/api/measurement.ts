/** What the lab knows of itself: metrics, health, and the sessions of its reflector. */
import { Elysia } from "elysia";
import { plainAddress } from "../base/address.ts";
import type { Clock } from "../base/clock.ts";
import type { Protocol } from "../base/protocol.ts";
import type { Session, Sessions } from "../reflector/sessions.ts";
import { BadRequestError } from "./explain.ts";
import { errorResponse, jsonResponse, parameter } from "./openapi.ts";
import { type RightsPolicy, refusal } from "./rights.ts";

/** What these routes stand on. */
export interface MeasurementParts {
  readonly exposition: { readonly contentType: string; render(): Promise<string> };
  readonly sessions: Sessions;
  readonly policy: RightsPolicy;
  readonly clock: Clock;
  /** Whether each of the three listens. */
  readonly listening: () => Readonly<Record<Protocol, boolean>>;
}

/** What `/sessions/{ssid}` tells of one session. */
function showSession(session: Session, clock: Clock) {
  const { protocol, source, unique, duplicate, handled, answered, droppedDown, discarded } = session;
  return {
    protocol,
    source,
    firstAt: new Date(clock.wallAt(session.firstAt)).toISOString(),
    lastAt: new Date(clock.wallAt(session.lastAt)).toISOString(),
    received: { unique, duplicate },
    handled,
    answered,
    dropped: { up: unique - handled, down: droppedDown },
    discarded,
  };
}

const SESSION_EXAMPLE = {
  ssid: 7,
  sessions: [
    {
      protocol: "udp",
      source: "127.0.0.1:55555",
      firstAt: "2026-11-22T08:00:00.000Z",
      lastAt: "2026-11-22T08:00:10.000Z",
      received: { unique: 1000, duplicate: 2 },
      handled: 900,
      answered: 801,
      dropped: { up: 100, down: 99 },
      discarded: 0,
    },
  ],
};
const SSID_PARAMETER = parameter("ssid", "the session id", { type: "integer", minimum: 0, maximum: 65_535 }, 7);
const SESSION_HELP = `What the reflector knows of the sessions with this id (RFC 8972) whose source address is the asker's; of all
for one who may change the faults. Packets are counted by sequence number, not by copy: handled = unique - dropped up;
handled - answered - dropped down - discarded still wait for their moment.`;

/** `/metrics`, `/healthz`, `/readyz` and `/sessions/{ssid}`. */
export function measurementRoutes({ exposition, sessions, policy, clock, listening }: MeasurementParts) {
  const { contentType } = exposition;
  const detail = (summary: string, responses: object, more: object = {}) =>
    // Plain OpenAPI, built in parts; the library's union type does not follow that.
    ({ tags: ["measurement"], summary, responses, ...more }) as never;
  return new Elysia({ name: "measurement" })
    .get(
      "/metrics",
      async () => new Response(await exposition.render(), { headers: { "content-type": contentType } }),
      {
        detail: detail("Every series, in Prometheus' text format", {
          200: {
            description: "The series",
            content: { "text/plain": { schema: { type: "string" }, example: 'packets_total{protocol="udp"} 7' } },
          },
        }),
      },
    )
    .get("/healthz", Response.json({ status: "alive" }), {
      detail: detail("The process is alive", { 200: jsonResponse("Alive", { status: "alive" }) }),
    })
    .get(
      "/readyz",
      () => {
        const ready = listening();
        const all = Object.values(ready).every(Boolean);
        return Response.json({ status: all ? "ready" : "not ready", ...ready }, { status: all ? 200 : 503 });
      },
      {
        detail: detail("All three protocols listen", {
          200: jsonResponse("Ready", { status: "ready", http: true, tcp: true, udp: true }),
          503: jsonResponse("Not ready, or stopping", { status: "not ready", http: true, tcp: false, udp: true }),
        }),
      },
    )
    .get(
      "/sessions/:ssid",
      ({ params, request, server }) => {
        const ssid = /^\d{1,5}$/.test(params.ssid) ? Number(params.ssid) : Number.NaN;
        if (!(ssid <= 65_535)) throw new BadRequestError(`ssid ${params.ssid}: allowed are 0 to 65535`);
        const address = server?.requestIP(request)?.address ?? "";
        const seesAll = refusal({ address, headers: request.headers }, policy) === undefined;
        const asker = plainAddress(address);
        const seen = sessions.withId(ssid).filter((session) => seesAll || session.address === asker);
        return { ssid, sessions: seen.map((session) => showSession(session, clock)) };
      },
      {
        detail: detail(
          "The summary of a measurement session",
          {
            200: jsonResponse("The sessions, the oldest first", SESSION_EXAMPLE),
            400: errorResponse("No session id", "ssid abc: allowed are 0 to 65535"),
          },
          { description: SESSION_HELP, parameters: [SSID_PARAMETER] },
        ),
      },
    );
}
