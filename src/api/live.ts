/** `/live`, `/history` and `/rights`: the data of the live page. */
import { Elysia } from "elysia";
import { liveDocs } from "./live-description.ts";
import type { ApiParts } from "./parts.ts";
import { mayChange, refusal, requesterOf } from "./rights.ts";
import type { Rights } from "./shapes.ts";

const NO_STORE = { "cache-control": "no-store" };
const JSON_HEADERS = { ...NO_STORE, "content-type": "application/json;charset=utf-8" };

/** The routes of the live page. */
export function liveRoutes({ live, config, served }: Pick<ApiParts, "live" | "config" | "served">) {
  const docs = liveDocs(served);
  return new Elysia({ name: "live" })
    .get(
      "/live",
      (context) => {
        const stream = live.open({ peers: mayChange(context, config) }, requesterOf(context).address);
        if (!stream) {
          const error = `too many viewers; allowed: ${live.limit}, ${live.share} of them from one network`;
          return Response.json({ error }, { status: 503 });
        }
        return new Response(stream, { headers: { "content-type": "text/event-stream", ...NO_STORE } });
      },
      { detail: docs.stream },
    )
    .get(
      "/history",
      async (context) => {
        const text = await live.dump({ peers: mayChange(context, config) });
        return new Response(text, { headers: JSON_HEADERS });
      },
      { detail: docs.history },
    )
    .get(
      "/rights",
      (context) => {
        const refused = refusal(requesterOf(context), config);
        const rights: Rights = refused ? { mayChange: false, reason: refused.error } : { mayChange: true };
        return Response.json(rights);
      },
      { detail: docs.rights },
    );
}
