/**
 * `/swagger`: the API description and its page. The page is swagger-ui-dist's, served from the package, so that it
 * works on a machine without internet; the plugin writes the description, and a page whose script can be named.
 */
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";

/** Starts swagger-ui in the plugin's page. */
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

/** Shapes that several routes share. */
const SCHEMAS = {
  Error: {
    type: "object" as const,
    required: ["error"] as string[],
    properties: { error: { type: "string" as const, description: "what is wrong, in one line" } },
  },
  Faults: { type: "object" as const, description: "the kinds that are on; see PUT /impairments/{protocol}" },
};

/** The description at `/swagger/json` and its page at `/swagger`. */
export function apiPage(version: string) {
  return new Elysia({ name: "api-page" })
    .get("/swagger/start.js", () => new Response(SCRIPT, { headers: { "content-type": "text/javascript" } }), {
      detail: { hide: true },
    })
    .use(
      swagger({
        path: "/swagger",
        scalarCDN: "/swagger/start.js",
        scalarConfig: { customCss: "body { margin: 0; background: #fff }" },
        documentation: {
          info: {
            title: "wirelab",
            version,
            description: "A lab for the wire: three protocols, faults on purpose, exact measurement.",
          },
          tags: [
            { name: "traffic", description: "Requests that count as packets" },
            { name: "faults", description: "What the lab breaks on purpose" },
            { name: "live", description: "What the page is fed with" },
            { name: "runs", description: "Load runs from the page, and those that were kept" },
            { name: "measurement", description: "What the lab knows of itself and of its sessions" },
          ],
          components: {
            schemas: SCHEMAS,
            securitySchemes: {
              token: { type: "http", scheme: "bearer", description: "WIRELAB_TOKEN, from other hosts" },
            },
          },
        },
      }),
    )
    .get("/swagger/swagger-ui-bundle.js", () => asset("swagger-ui-bundle.js"), { detail: { hide: true } })
    .get("/swagger/swagger-ui.css", () => asset("swagger-ui.css"), { detail: { hide: true } });
}

/** A file of the package swagger-ui-dist. */
function asset(name: string): Response {
  return new Response(Bun.file(require.resolve(`swagger-ui-dist/${name}`)));
}
