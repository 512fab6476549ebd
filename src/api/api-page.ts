/**
 * `/swagger`: the API description and a page that shows it. The page's files come from the package swagger-ui-dist, so
 * that it works without internet. The plugin generates the description and a page that loads one script of our choice.
 */
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { ALL_TITLES } from "../base/protocol.ts";
import { TAGS } from "./openapi.ts";

/** The path of the one script that the plugin's page loads. */
const START = "/swagger/start.js";
/** The script: it loads swagger-ui into the page. */
const SCRIPT = `
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "/swagger/swagger-ui.css";
document.head.append(style);
const place = document.body.appendChild(document.createElement("main"));
const bundle = document.createElement("script");
bundle.src = "/swagger/swagger-ui-bundle.js";
bundle.onload = () => SwaggerUIBundle({ url: "/swagger/json", domNode: place, deepLinking: true, validatorUrl: null });
document.head.append(bundle);
`;

/** Schemas to which several routes refer. */
const SCHEMAS = {
  Error: {
    type: "object" as const,
    required: ["error"] as string[],
    properties: { error: { type: "string" as const, description: "The problem, in one line" } },
  },
};

/** The parts of the description that belong to no route. */
function documentation(version: string) {
  const description = `Serves ${ALL_TITLES}, injects faults and measures loss and delay.`;
  const token = { type: "http" as const, scheme: "bearer", description: "WIRELAB_TOKEN; required from other hosts" };
  return {
    info: { title: "wirelab", version, description },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    components: { schemas: SCHEMAS, securitySchemes: { token } },
  };
}

/** The response with a file of the package swagger-ui-dist. */
function asset(name: string): Response {
  return new Response(Bun.file(require.resolve(`swagger-ui-dist/${name}`)));
}

/** The description at `/swagger/json` and its page at `/swagger`. */
export function apiPage(version: string) {
  const hidden = { detail: { hide: true } } as const;
  return new Elysia({ name: "api-page" })
    .get(START, () => new Response(SCRIPT, { headers: { "content-type": "text/javascript" } }), hidden)
    .use(
      swagger({
        path: "/swagger",
        scalarCDN: START,
        scalarConfig: { customCss: "body { margin: 0; background: #fff }" },
        documentation: documentation(version),
      }),
    )
    .get("/swagger/swagger-ui-bundle.js", () => asset("swagger-ui-bundle.js"), hidden)
    .get("/swagger/swagger-ui.css", () => asset("swagger-ui.css"), hidden);
}
