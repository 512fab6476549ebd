/**
 * `/swagger`: the API description and a page that shows it. The page's files come from the package swagger-ui-dist, so
 * that it works without internet. The plugin generates the description and a page that loads one script of our choice.
 */
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { ALL_TITLES, type Protocol, REGISTRY } from "../base/protocol.ts";
import { START_SCRIPT, START_STYLE } from "./api-page-start.ts";
import { TAGS } from "./openapi.ts";

/** The path of the one script that the plugin's page loads. */
const START = "/swagger/start.js";

/** Schemas to which several routes refer. */
const SCHEMAS = {
  Error: {
    type: "object" as const,
    required: ["error"] as string[],
    properties: { error: { type: "string" as const, description: "The problem, in one line" } },
  },
};

/** The listeners that have the routes: all of HTTP. The ports are the default ones, which the variable replaces. */
function serversOf(served: readonly Protocol[]) {
  const listeners = served.filter((protocol) => REGISTRY[protocol].requests);
  const own = { url: "/", description: "The listener that sent this description" };
  const others = listeners.map((protocol) => {
    const { title, summary, secure, port } = REGISTRY[protocol];
    return {
      url: `${secure ? "https" : "http"}://{host}:{port}`,
      description: `${title}: ${summary}`,
      variables: { host: { default: "localhost" }, port: { default: `${port}` } },
    };
  });
  return [own, ...others];
}

/** The parts of the description that belong to no route. */
function documentation(version: string, served: readonly Protocol[]) {
  const description = `Serves ${ALL_TITLES}, injects faults and measures loss and delay.

Every route is on each listener of HTTP, whatever its version. A request to a traffic route is a packet of the protocol of its
listener.`;
  const token = { type: "http" as const, scheme: "bearer", description: "WIRELAB_TOKEN; required from other hosts" };
  return {
    info: { title: "wirelab", version, description },
    servers: serversOf(served),
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    components: { schemas: SCHEMAS, securitySchemes: { token } },
  };
}

/** The response with a file of the package swagger-ui-dist. */
function asset(name: string): Response {
  return new Response(Bun.file(require.resolve(`swagger-ui-dist/${name}`)));
}

/** The description at `/swagger/json` and its page at `/swagger`. */
export function apiPage(version: string, served: readonly Protocol[]) {
  const hidden = { detail: { hide: true } } as const;
  return new Elysia({ name: "api-page" })
    .get(START, () => new Response(START_SCRIPT, { headers: { "content-type": "text/javascript" } }), hidden)
    .get("/swagger/start.css", () => new Response(START_STYLE, { headers: { "content-type": "text/css" } }), hidden)
    .use(
      swagger({
        path: "/swagger",
        scalarCDN: START,
        documentation: documentation(version, served),
      }),
    )
    .get("/swagger/swagger-ui-bundle.js", () => asset("swagger-ui-bundle.js"), hidden)
    .get("/swagger/swagger-ui.css", () => asset("swagger-ui.css"), hidden);
}
