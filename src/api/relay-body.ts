/** Reads relays and their faults from the bodies of requests, as text or as JSON. */
import { t } from "elysia";
import { checkedLinkFaults } from "../faults/link-check.ts";
import type { LinkFaultsByDirection, Transport } from "../faults/link-faults.ts";
import { NO_LINK_FAULTS, TRANSPORTS } from "../faults/link-faults.ts";
import { parseLinkFaults, printLinkFaults } from "../faults/link-text.ts";
import type { UnnamedRoute } from "../relay/route/route.ts";
import { parseListen, parseTransport, parseUnnamedRoute, parseUpstream, UNNAMED_FORM } from "../relay/route/text.ts";
import { closed } from "./fault-values.ts";
import { readBody } from "./faults-body.ts";
import { checker, integerIn } from "./json-body.ts";
import { expandLinkNumbers, LINK_SCHEMAS } from "./link-schema.ts";

/** Longest text of an address and a port: a name of 253 characters (RFC 1035 section 2.3.4), a colon and a port. */
const MAX_ADDRESS = 259;

const Address = t.String({ minLength: 1, maxLength: MAX_ADDRESS });

/** A relay in JSON, without its name. */
export const RELAY_BODY = t.Object(
  {
    protocol: t.Union(TRANSPORTS.map((transport) => t.Literal(transport))),
    listen: t.Union([Address, integerIn({ minimum: 0, maximum: 65_535 })]),
    upstream: Address,
  },
  closed,
);

const checkRelay = checker(RELAY_BODY);

function routeOfJson(value: unknown): UnnamedRoute {
  const { protocol, listen, upstream } = checkRelay(value);
  return {
    protocol: parseTransport(protocol),
    listen: parseListen(`${listen}`),
    upstream: parseUpstream(upstream),
  };
}

/** Reads a relay without its name. Throws RelayError, BadRequestError, ValidationError or SyntaxError. */
export function readRoute(request: Request): Promise<UnnamedRoute> {
  return readBody(
    request,
    (text) => parseUnnamedRoute(text),
    routeOfJson,
    `a relay as JSON or as text: ${UNNAMED_FORM}`,
  );
}

const CHECKERS = { tcp: checker(LINK_SCHEMAS.tcp), udp: checker(LINK_SCHEMAS.udp) } as const;

/** Reads the faults of a relay; a direction without faults has none. Throws as `faultsReader` does. */
export function readLinkFaults(transport: Transport, request: Request): Promise<LinkFaultsByDirection> {
  const ofJson = (value: unknown) => {
    const { up = NO_LINK_FAULTS, down = NO_LINK_FAULTS } = CHECKERS[transport](expandLinkNumbers(value));
    const faults = checkedLinkFaults(transport, { up, down });
    return parseLinkFaults(transport, printLinkFaults(transport, faults)); // without those that have no effect, as in text
  };
  return readBody(request, (text) => parseLinkFaults(transport, text), ofJson);
}
