/** `/metrics`, `/healthz`, `/readyz` and `/sessions/{ssid}`: measurements of the lab and of its reflector. */
import { Elysia } from "elysia";
import { plainAddress } from "../base/address.ts";
import type { Clock } from "../base/clock.ts";
import { jsonStream } from "../base/turns.ts";
import type { LocalEnd, Session } from "../reflector/session.ts";
import { BadRequestError } from "./errors.ts";
import { LargeBodies } from "./large-bodies.ts";
import { describeReady, MEASUREMENT_DOCS } from "./measurement-description.ts";
import type { ApiParts } from "./parts.ts";
import { mayChange, requesterOf } from "./rights.ts";

/** Session ids have 16 bits (RFC 8972 section 3). */
const MAX_SSID = 65_535;
/** Sessions that are encoded in one turn of the event loop, which takes less than a millisecond. */
const SUMMARIES_PER_TURN = 128;
const JSON_TYPE = "application/json";

/** One session in the response of `/sessions/{ssid}`. */
function summaryOf(session: Session, clock: Clock) {
  const { end, source, unique, duplicate, handled, answered, droppedDown, discarded, onWayUp } = session;
  return {
    protocol: end.protocol,
    source,
    local: { address: end.address, port: end.port },
    ageSeconds: (clock.now() - session.firstAt) / 1000,
    firstAt: new Date(clock.wallAt(session.firstAt)).toISOString(),
    lastAt: new Date(clock.wallAt(session.lastAt)).toISOString(),
    received: { unique, duplicate },
    handled,
    answered,
    dropped: { up: unique - handled, down: droppedDown },
    discarded,
    onWayUp,
  };
}

/** One end of the lab in the response of `/sessions/{ssid}`. */
function listenerOf({ protocol, address, port, receiveBufferDrops }: LocalEnd) {
  return { protocol, address, port, receiveBufferDrops: receiveBufferDrops() ?? null };
}

function readSsid(text: string): number {
  const ssid = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (ssid <= MAX_SSID) return ssid;
  throw new BadRequestError(`ssid ${text}: not allowed; allowed: 0 to ${MAX_SSID}`);
}

/** The routes of metrics, health and sessions. */
export function measurementRoutes({
  exposition,
  sessions,
  config,
  clock,
  listening,
  instance,
  served,
  runBodies,
}: Pick<ApiParts, "exposition" | "sessions" | "config" | "clock" | "listening" | "instance" | "served" | "runBodies">) {
  const headers = { "content-type": exposition.contentType };
  const bodies = new LargeBodies(runBodies);
  return new Elysia({ name: "measurement" })
    .get("/metrics", async () => bodies.respond(await exposition.render(), headers), {
      detail: MEASUREMENT_DOCS.metrics,
    })
    .get("/healthz", Response.json({ status: "alive" }), { detail: MEASUREMENT_DOCS.alive })
    .get(
      "/readyz",
      () => {
        const open = listening();
        const isReady = Object.values(open).every(Boolean);
        return Response.json({ status: isReady ? "ready" : "not ready", ...open }, { status: isReady ? 200 : 503 });
      },
      { detail: describeReady(served) },
    )
    .get(
      "/sessions/:ssid",
      ({ params, request, server }) => {
        const ssid = readSsid(params.ssid);
        const client = plainAddress(requesterOf({ request, server }).address);
        const showsAll = mayChange({ request, server }, config);
        const { sessions: shown, evictedSessions } = sessions.shownTo(client, showsAll, ssid, clock.now());
        const fields = {
          ssid,
          ...instance,
          listeners: sessions.ends.map(listenerOf),
          evictedSessions,
          sessionLimit: sessions.limit,
        };
        const summaryFor = (session: Session) => summaryOf(session, clock);
        const body = jsonStream(fields, "sessions", shown, summaryFor, SUMMARIES_PER_TURN);
        return new Response(body, { headers: { "content-type": JSON_TYPE } });
      },
      { detail: MEASUREMENT_DOCS.sessions },
    );
}
