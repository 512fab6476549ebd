/** The text form of a relay: `name=protocol:listen>upstream`, as `api=tcp:8080>db.example:5432`. */
import { formatHostPort, parsePort, splitHostPort } from "../../base/address.ts";
import { TRANSPORTS, type Transport } from "../../faults/link-faults.ts";
import { quote } from "../../faults/pieces.ts";
import { assertNoCycle } from "./cycles.ts";
import { type HostPort, RelayError, type RelayProblem, type RelayRoute, type UnnamedRoute } from "./route.ts";

/** Where a relay listens unless its text names an address. */
const LOOPBACK = "127.0.0.1";
/** The names of relays, which are labels in metrics and parts of paths. */
export const RELAY_NAME = /^[a-z][a-z0-9_-]{0,62}$/i;

/** Characters of names and addresses. */
const HOST = /^[\w.:%-]{1,253}$/;

/** The form, as errors and help texts show it. */
export const ROUTE_FORM = "NAME=tcp|udp:[ADDRESS:]PORT>HOST:PORT";

type Field = NonNullable<RelayProblem["field"]>;

function fail(text: string, problem: string, allowed: string, field?: Field): never {
  throw new RelayError(`${quote(text)}: ${problem}; allowed: ${allowed}`, { allowed, ...(field && { field }) });
}

/** Checks the name of a relay. Throws RelayError. */
export function checkedName(name: string): string {
  return RELAY_NAME.test(name)
    ? name
    : fail(name, "not a name for a relay", "a letter, then up to 62 letters, digits, - and _", "name");
}

/** `[ADDRESS:]PORT`; the port 0 picks a free one. Throws RelayError. */
export function parseListen(text: string): HostPort {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return { host: LOOPBACK, port: Number(text) };
  const parts = splitHostPort(text);
  const port = parts?.port === "0" ? 0 : parsePort(parts?.port ?? "");
  if (!parts || port === undefined || !HOST.test(parts.host))
    return fail(text, "not a port to listen on", "PORT, ADDRESS:PORT or [IPv6]:PORT", "listen");
  return { host: parts.host, port };
}

/** `HOST:PORT`. Throws RelayError. */
export function parseUpstream(text: string): HostPort {
  const parts = splitHostPort(text);
  const port = parsePort(parts?.port ?? "");
  if (!parts || port === undefined || !HOST.test(parts.host))
    return fail(text, "not an upstream", "HOST:PORT or [IPv6]:PORT", "upstream");
  return { host: parts.host, port };
}

/** `tcp` or `udp`. Throws RelayError. */
export function parseTransport(text: string): Transport {
  return (
    TRANSPORTS.find((transport) => transport === text) ??
    fail(text, "not a protocol of relays", "tcp or udp", "protocol")
  );
}

/** The form of a relay without its name. */
export const UNNAMED_FORM = "tcp|udp:[ADDRESS:]PORT>HOST:PORT";

/** Parses a relay without its name: `protocol:listen>upstream`. `at` is added to positions. Throws RelayError. */
export function parseUnnamedRoute(text: string, at = 0): UnnamedRoute {
  const { groups, indices } =
    /^\s*(?<protocol>\w+)\s*:\s*(?<listen>[^>]+?)\s*>\s*(?<upstream>.+?)\s*$/d.exec(text) ?? {};
  const part = <Value>(field: string, parse: (text: string) => Value): Value => {
    try {
      return parse(groups?.[field] ?? "");
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      const position = at + (indices?.groups?.[field]?.[0] ?? 0);
      throw new RelayError(error.message, { ...error.problem, position });
    }
  };
  if (groups === undefined) throw noRelay(text, UNNAMED_FORM, at);
  return {
    protocol: part("protocol", parseTransport),
    listen: part("listen", parseListen),
    upstream: part("upstream", parseUpstream),
  };
}

function noRelay(text: string, form: string, position: number): RelayError {
  return new RelayError(`${quote(text)}: not a relay; allowed: ${form}`, { position, allowed: form });
}

/** Parses one relay. Throws RelayError. */
export function parseRoute(text: string): RelayRoute {
  const [head = "", name, rest] = /^\s*([^=]*?)\s*=(.*)$/s.exec(text) ?? [];
  if (name === undefined || rest === undefined || !rest.includes(">")) throw noRelay(text, ROUTE_FORM, 0);
  return { name: checkedName(name), ...parseUnnamedRoute(rest, head.length - rest.length) };
}

/** Parses relays, separated by commas; each name and each port once. Throws RelayError. */
export function parseRoutes(text: string): readonly RelayRoute[] {
  return distinct(
    text
      .split(",")
      .filter((part) => part.trim() !== "")
      .map(parseRoute),
  );
}

/** The relays, of which no two have the same name, listen on the same port or forward to each other. Throws RelayError. */
export function distinct(routes: readonly RelayRoute[]): readonly RelayRoute[] {
  const seen = new Set<string>();
  const note = (key: string, problem: string, allowed: string) => {
    if (seen.has(key)) fail(key, problem, allowed);
    seen.add(key);
  };
  for (const { name, protocol, listen } of routes) {
    note(name, "two relays have this name", "each name once");
    if (listen.port === 0) continue;
    note(`${protocol}:${formatHostPort(listen.host, listen.port)}`, "two relays listen there", "each port once");
  }
  for (const route of routes) assertNoCycle(route, routes);
  return routes;
}

/** Prints a relay in the form that `parseRoute` parses. */
export function printRoute({ name, protocol, listen, upstream }: RelayRoute): string {
  return `${name}=${protocol}:${formatHostPort(listen.host, listen.port)}>${formatHostPort(upstream.host, upstream.port)}`;
}
