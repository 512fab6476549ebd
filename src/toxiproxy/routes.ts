/** The routes of Toxiproxy's HTTP API and their responses. */
import { json, parseBody } from "./body.ts";
import { ToxiproxyError } from "./errors.ts";
import type { Proxies } from "./proxies.ts";

/** The version of Toxiproxy whose API this is; the part behind + names the program. */
const VERSION = "2.12.0+wirelab";

/** A request that has a route. */
interface Call {
  /** Names in the path. */
  readonly names: readonly string[];
  /** The body as JSON. Throws ToxiproxyError. */
  readonly body: () => unknown;
}

type Handler = (proxies: Proxies, call: Call) => Response | Promise<Response>;

function answer(body: unknown, status = 200): Response {
  return new Response(json(body), { status, headers: { "content-type": "application/json" } });
}

const noContent = () => new Response(null, { status: 204 });

/** A text as Go's http.Error writes it. */
export function plainError(text: string, status: number): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return new Response(`${text}\n`, { status, headers });
}

/** An error with its status, which is JSON in a text. */
export function errorAnswer({ message, status }: Pick<ToxiproxyError, "message" | "status">): Response {
  return plainError(json({ error: message, status }), status);
}

/** The routes by path, where `*` is a name, and by method. */
const ROUTES: readonly (readonly [string, Readonly<Record<string, Handler>>])[] = [
  ["/version", { GET: version }],
  ["/reset", { POST: reset }],
  ["/populate", { POST: populate }],
  ["/proxies", { GET: listProxies, POST: createProxy }],
  ["/proxies/*", { GET: showProxy, POST: updateProxy, PATCH: updateProxy, DELETE: deleteProxy }],
  ["/proxies/*/toxics", { GET: listToxics, POST: createToxic }],
  ["/proxies/*/toxics/*", { GET: showToxic, POST: updateToxic, PATCH: updateToxic, DELETE: deleteToxic }],
];

function version(): Response {
  return new Response(`{"version": "${VERSION}"}\n`, {
    headers: { "content-type": "application/json;charset=utf-8" },
  });
}

async function reset(proxies: Proxies): Promise<Response> {
  await proxies.reset();
  return noContent();
}

async function populate(proxies: Proxies, { body }: Call): Promise<Response> {
  const { proxies: made, error } = await proxies.populate(body);
  const shown = { proxies: made.length > 0 ? made : null };
  if (!error) return answer(shown, 201);
  return answer({ error: error.message, status: error.status, ...shown }, error.status);
}

function listProxies(proxies: Proxies): Response {
  return new Response(proxies.listJson(), { headers: { "content-type": "application/json" } });
}

async function createProxy(proxies: Proxies, { body }: Call): Promise<Response> {
  return answer(await proxies.create(body()), 201);
}

function showProxy(proxies: Proxies, { names: [proxy = ""] }: Call): Response {
  return answer(proxies.get(proxy));
}

async function updateProxy(proxies: Proxies, { names: [proxy = ""], body }: Call): Promise<Response> {
  proxies.get(proxy);
  return answer(await proxies.update(proxy, body()));
}

async function deleteProxy(proxies: Proxies, { names: [proxy = ""] }: Call): Promise<Response> {
  await proxies.remove(proxy);
  return noContent();
}

function listToxics(proxies: Proxies, { names: [proxy = ""] }: Call): Response {
  return answer(proxies.get(proxy).toxics.list());
}

async function createToxic(proxies: Proxies, { names: [proxy = ""], body }: Call): Promise<Response> {
  const { toxics } = proxies.get(proxy);
  return answer(toxics.add(body()));
}

function showToxic(proxies: Proxies, { names: [proxy = "", toxic = ""] }: Call): Response {
  return answer(proxies.get(proxy).toxics.get(toxic));
}

async function updateToxic(proxies: Proxies, { names: [proxy = "", toxic = ""], body }: Call): Promise<Response> {
  const { toxics } = proxies.get(proxy);
  toxics.get(toxic);
  return answer(toxics.update(toxic, body()));
}

function deleteToxic(proxies: Proxies, { names: [proxy = "", toxic = ""] }: Call): Response {
  proxies.get(proxy).toxics.remove(toxic);
  return noContent();
}

/** The parts of a path, decoded; undefined if it cannot be decoded. */
function partsOf(path: string): readonly string[] | undefined {
  try {
    return decodeURIComponent(path).split("/");
  } catch {
    return undefined;
  }
}

/** A route with the names in its path. */
interface Match {
  readonly handler: Handler;
  readonly names: readonly string[];
}

/** The route of a request, or the response to one that has none. */
export function route(method: string, path: string): Match | Response {
  const parts = partsOf(path) ?? [];
  for (const [pattern, handlers] of ROUTES) {
    const wanted = pattern.split("/");
    if (wanted.length !== parts.length || !wanted.every((part, i) => part === parts[i] || (part === "*" && parts[i])))
      continue;
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (!handler) return new Response(null, { status: 405 });
    return { handler, names: parts.filter((_, i) => wanted[i] === "*") };
  }
  return plainError("404 page not found", 404);
}

/** Whether anyone may ask: only for the version. */
export function isPublic({ handler }: Match): boolean {
  return handler === version;
}

/** Answers a request that has a route; `text` is its body. */
export async function handle({ handler, names }: Match, proxies: Proxies, text: string): Promise<Response> {
  try {
    return await handler(proxies, { names, body: () => parseBody(text) });
  } catch (error) {
    if (error instanceof ToxiproxyError) return errorAnswer(error);
    throw error;
  }
}
